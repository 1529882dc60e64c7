#pragma once

#include <cstddef>

namespace troupe::dispatch {

struct task_entry;

/// Place of a task in one of its lists.
struct task_link {
  task_entry* before = nullptr;
  task_entry* after = nullptr;
};

/// Tasks in the order in which they came. The links are members of the tasks, so coming and going costs no memory and
/// no search; a task is in at most one list of each kind at a time.
template <class T, task_link T::*Link>
class task_list {
public:
  void push_back(T& x) {
    (x.*Link) = {last_, nullptr};
    (last_ ? (last_->*Link).after : first_) = &x;
    last_ = &x;
    ++size_;
  }

  void push_front(T& x) {
    (x.*Link) = {nullptr, first_};
    (first_ ? (first_->*Link).before : last_) = &x;
    first_ = &x;
    ++size_;
  }

  /// Precondition: it is in this list.
  void erase(T& x) {
    auto [before, after] = x.*Link;
    (before ? (before->*Link).after : first_) = after;
    (after ? (after->*Link).before : last_) = before;
    --size_;
  }

  /// Precondition: not empty.
  T& front() const {
    return *first_;
  }

  template <class F>
  void each(F f) const {
    for (auto* x = first_; x != nullptr; x = (x->*Link).after)
      f(*x);
  }

  bool empty() const {
    return size_ == 0;
  }

  size_t size() const {
    return size_;
  }

private:
  T* first_ = nullptr;
  T* last_ = nullptr;
  size_t size_ = 0;
};

} // namespace troupe::dispatch

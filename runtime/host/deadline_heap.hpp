#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe {

/// Points in time with something to look at then. Entries are never taken back: whoever pops one checks whether it
/// still means anything, and `prune` drops the meaningless ones when they are most.
template <class T>
class deadline_heap {
public:
  void push(int64_t at, T what) {
    heap_.push_back({at, what});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  std::optional<int64_t> next() const {
    return heap_.empty() ? std::nullopt : std::optional{heap_.front().at};
  }

  /// The earliest entry that is due at `now`.
  std::optional<T> pop(int64_t now) {
    if (heap_.empty() || heap_.front().at > now)
      return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    auto what = heap_.back().what;
    heap_.pop_back();
    return what;
  }

  size_t size() const {
    return heap_.size();
  }

  template <class Predicate>
  void prune(Predicate means_something) {
    std::erase_if(heap_, [&](const entry& x) { return !means_something(x.what); });
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

private:
  struct entry {
    int64_t at;
    T what;
  };

  static bool later(const entry& a, const entry& b) {
    return a.at > b.at;
  }

  std::vector<entry> heap_;
};

} // namespace troupe

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

/// A queue of tasks with priorities in which nobody starves and no owner blocks another one.
///
///   - Between priorities: shares. While both wait, `priority_share` tasks of priority p + 1 leave for one of priority
///   p
///     (self-clocked fair queueing, Golestani 1994). A low priority waits, but never for ever.
///   - Within a priority: the owners take turns.
///   - Within a priority and an owner: first in, first out.
///
/// An item's place is fixed when it enters, so nothing is ever re-sorted: push and pop cost O(log owners), amortised.
/// Holds pointers, owns nothing.
template <class T>
class fair_queue {
public:
  /// One point of priority is worth this factor. This is the ageing constant: a task is passed over by at most
  /// priority_share^d tasks that are d points above it before one of its own priority leaves.
  static constexpr uint64_t priority_share = 8;

  /// Priorities beyond +-4 count as +-4.
  static constexpr int32_t highest_priority = 4;

  /// The place of an item; needed to take it out by name or to put it back.
  struct ticket {
    uint64_t owner = 0;
    size_t band = 0;
    uint64_t round = 0;
    uint64_t seq = 0;
  };

  /// `seq` orders items of one owner and priority; it grows with each push.
  ticket push(T* item, uint64_t owner, int32_t priority, uint64_t seq) {
    ticket out;
    out.owner = owner;
    out.band = static_cast<size_t>(highest_priority - std::clamp(priority, -highest_priority, highest_priority));
    auto& b = bands_[out.band];
    auto i = b.flows.find(owner);
    out.round = std::max(b.round, i == b.flows.end() ? 0 : i->second.last_round) + 1;
    out.seq = seq;
    if (b.flows.empty())
      b.tag = now_ + cost(out.band);
    insert(out, item);
    return out;
  }

  /// As `push`, but in front of what its owner has in the queue: for one that has waited already.
  ticket push_front(T* item, uint64_t owner, int32_t priority, uint64_t seq) {
    ticket out;
    out.owner = owner;
    out.band = static_cast<size_t>(highest_priority - std::clamp(priority, -highest_priority, highest_priority));
    out.round = bands_[out.band].round;
    out.seq = seq;
    put_back(out, item);
    return out;
  }

  /// Puts an item that had left back in front of everything that its owner has pushed since.
  void put_back(ticket& where, T* item) {
    auto& b = bands_[where.band];
    b.tag = b.flows.empty() ? now_ : std::min(b.tag, now_);
    // The rounds start anew when the queue runs empty.
    where.round = std::min(where.round, b.round);
    insert(where, item);
  }

  /// Precondition: the item of this ticket is in the queue.
  void erase(const ticket& where) {
    auto& b = bands_[where.band];
    auto i = b.flows.find(where.owner);
    auto& f = i->second;
    auto at = f.find(where);
    at->item = nullptr;
    if (at == f.head()) {
      // The node is used again: this happens once per item.
      auto place = b.heads.extract({where.round, where.seq});
      f.skip_gone();
      if (f.waiting > 1) {
        place.key() = {f.head()->round, f.head()->seq};
        b.heads.insert(std::move(place));
      }
    }
    if (--f.waiting == 0)
      b.flows.erase(i);
    if (--size_ == 0)
      reset();
  }

  /// The item whose turn it is; null when the queue is empty.
  T* front() const {
    auto* b = next_band();
    return b ? b->heads.begin()->second->head()->item : nullptr;
  }

  /// What sending the front costs its queue in the competition with other queues: 1 for the highest priority,
  /// priority_share times more for each point less. Precondition: not empty.
  uint64_t front_cost() const {
    return cost(static_cast<size_t>(next_band() - bands_.data()));
  }

  /// Takes the front out, given its ticket.
  void pop(const ticket& where) {
    auto& b = bands_[where.band];
    now_ = std::max(now_, b.tag);
    b.tag = now_ + cost(where.band);
    b.round = std::max(b.round, where.round);
    erase(where);
  }

  size_t size() const {
    return size_;
  }

  bool empty() const {
    return size_ == 0;
  }

private:
  struct entry {
    uint64_t round = 0;
    uint64_t seq = 0;
    /// Null: was taken out of the middle.
    T* item = nullptr;
  };

  /// One owner within one priority. Its items come and go at the ends of a vector: a wide fan-out is one owner.
  struct flow {
    uint64_t last_round = 0;
    /// By (round, seq), from `first` on.
    std::vector<entry> items = {};
    size_t first = 0;
    size_t waiting = 0;

    auto head() {
      return items.begin() + static_cast<std::ptrdiff_t>(first);
    }

    auto find(const ticket& where) {
      return std::lower_bound(head(), items.end(), where, before<entry, ticket>);
    }

    void skip_gone() {
      while (first < items.size() && !items[first].item)
        ++first;
      if (first > 64 && first * 2 > items.size()) {
        items.erase(items.begin(), head());
        first = 0;
      }
    }

    void insert(const ticket& where, T* item) {
      entry x{where.round, where.seq, item};
      if (items.empty() || before(items.back(), where))
        items.push_back(x);
      else if (first > 0 && before(where, items[first]))
        items[--first] = x;
      else
        items.insert(find(where), x);
    }
  };

  template <class A, class B>
  static bool before(const A& a, const B& b) {
    return std::pair{a.round, a.seq} < std::pair{b.round, b.seq};
  }

  struct band {
    /// Virtual time at which the next item of this band is through; meaningless when there is none.
    uint64_t tag = 0;
    /// Of the last item that left.
    uint64_t round = 0;
    /// The flows by the (round, seq) of their first item.
    std::map<std::pair<uint64_t, uint64_t>, flow*> heads = {};
    /// Owners that wait. One that comes anew enters behind the current round, so forgetting it gives it no advantage.
    std::unordered_map<uint64_t, flow> flows = {};
  };

  static constexpr size_t num_bands = 2 * highest_priority + 1;

  static uint64_t cost(size_t band_index) {
    uint64_t out = 1;
    for (size_t i = 0; i < band_index; ++i)
      out *= priority_share;
    return out;
  }

  void insert(const ticket& where, T* item) {
    auto& b = bands_[where.band];
    auto& f = b.flows[where.owner];
    if (f.waiting == 0 || before(where, *f.head())) {
      if (f.waiting > 0)
        b.heads.erase({f.head()->round, f.head()->seq});
      b.heads.emplace(std::pair{where.round, where.seq}, &f);
    }
    f.insert(where, item);
    f.last_round = std::max(f.last_round, where.round);
    ++f.waiting;
    ++size_;
  }

  void reset() {
    for (auto& b : bands_)
      b.tag = b.round = 0;
    now_ = 0;
  }

  /// The smallest tag; the higher priority among equals.
  const band* next_band() const {
    const band* out = nullptr;
    for (auto& b : bands_)
      if (!b.flows.empty() && (!out || b.tag < out->tag))
        out = &b;
    return out;
  }

  /// Highest priority first.
  std::array<band, num_bands> bands_ = {};
  /// Virtual time. Starts anew whenever the queue runs empty. An item adds at most priority_share^8 = 2^24 to it, so
  /// that 2^40 items of the lowest priority would have to pass in between for it to overflow.
  uint64_t now_ = 0;
  size_t size_ = 0;
};

} // namespace troupe

#pragma once

#include <cassert>
#include <cstdint>

namespace troupe {

/// Bounds how many tasks run at once, so that one agent cannot take every credit of the cluster.
class bulkhead {
public:
  /// `limit` 0 = no bound.
  explicit bulkhead(uint32_t limit = 0) : limit_{limit} {}

  bool has_room() const {
    return limit_ == 0 || in_use_ < limit_;
  }

  /// Takes a place; false when there is none.
  bool try_acquire() {
    if (!has_room())
      return false;
    ++in_use_;
    return true;
  }

  /// Gives a place back. Precondition: in_use() > 0.
  void release() {
    assert(in_use_ > 0);
    --in_use_;
  }

  /// A lower limit lets those who are in finish; nobody enters until there is room again.
  void set_limit(uint32_t limit) {
    limit_ = limit;
  }

  uint32_t limit() const {
    return limit_;
  }

  uint32_t in_use() const {
    return in_use_;
  }

private:
  uint32_t limit_;
  uint32_t in_use_ = 0;
};

} // namespace troupe

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace troupe {

/// Remembers the attempts that ended last, so that a result that comes for one of them can be called late and not
/// unknown. Holds hashes only: a mistake costs a wrong label on a counter, nothing more.
class ended_tasks {
public:
  explicit ended_tasks(size_t capacity) : ring_(capacity) {}

  void add(std::string_view run_id, uint32_t task, uint32_t attempt) {
    auto key = hash(run_id, task, attempt);
    if (!known_.insert(key).second)
      return;
    if (full_)
      known_.erase(ring_[next_]);
    ring_[next_] = key;
    next_ = (next_ + 1) % ring_.size();
    full_ = full_ || next_ == 0;
  }

  bool contains(std::string_view run_id, uint32_t task, uint32_t attempt) const {
    return known_.count(hash(run_id, task, attempt)) > 0;
  }

private:
  static uint64_t hash(std::string_view run_id, uint32_t task, uint32_t attempt) {
    auto number = uint64_t{task} << 32 | attempt;
    return (std::hash<std::string_view>{}(run_id) ^ number) * 0x9e3779b97f4a7c15ULL;
  }

  std::vector<uint64_t> ring_;
  size_t next_ = 0;
  bool full_ = false;
  std::unordered_set<uint64_t> known_;
};

} // namespace troupe

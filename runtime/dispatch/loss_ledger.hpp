#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace troupe {

/// How often the node of a task was lost while the task was there: it may be the task that brings nodes down, or one
/// that was beside it. Bounded; when it is full it forgets everything, which costs the caution and nothing else.
class loss_ledger {
public:
  explicit loss_ledger(size_t capacity) : capacity_{capacity} {}

  void lost(const std::string& run_id, uint32_t task) {
    if (losses_.size() >= capacity_)
      losses_.clear();
    ++losses_[{run_id, task}];
  }

  void answered(const std::string& run_id, uint32_t task) {
    if (!losses_.empty())
      losses_.erase({run_id, task});
  }

  uint32_t losses(const std::string& run_id, uint32_t task) const {
    if (losses_.empty())
      return 0;
    auto i = losses_.find({run_id, task});
    return i == losses_.end() ? 0 : i->second;
  }

private:
  size_t capacity_;
  std::map<std::pair<std::string, uint32_t>, uint32_t> losses_;
};

} // namespace troupe

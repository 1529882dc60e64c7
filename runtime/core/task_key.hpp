#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace troupe {

/// An attempt of a task.
struct task_key {
  std::string run_id;
  uint32_t task = 0;
  uint32_t attempt = 0;

  bool operator==(const task_key&) const = default;

  /// Of whatever names its attempt: a task, a result, an operation.
  static task_key of(const auto& x) {
    return {x.run_id(), x.task(), x.attempt()};
  }
};

struct task_key_hash {
  size_t operator()(const task_key& x) const {
    return std::hash<std::string>{}(x.run_id) ^ (size_t{x.task} * 0x9e3779b97f4a7c15ULL + x.attempt);
  }
};

} // namespace troupe

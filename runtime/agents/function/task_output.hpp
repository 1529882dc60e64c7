#pragma once

#include "runtime/core/json.hpp"
#include "troupe/v1/task.pb.h"

#include <optional>
#include <utility>

namespace troupe {

/// What a function agent made of its task.
struct task_output {
  task_output() = default;

  /// So that `return json{…};` is enough.
  task_output(json value) : output(std::move(value)) {} // braces would make an array

  json output;
  /// In place of `output`: text, bytes or a Protobuf message.
  std::optional<v1::Payload> payload;
  /// 0..1 where the agent can say: how sure it is, and how good the result is.
  std::optional<double> confidence;
  std::optional<double> quality;
  /// What it cost.
  v1::Usage usage;
};

} // namespace troupe

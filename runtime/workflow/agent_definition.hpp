#pragma once

#include "runtime/core/json.hpp"
#include "runtime/expression/json_schema.hpp"
#include "runtime/workflow/policies.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// One entry of `agents:`.
struct agent_definition {
  std::string name;
  /// function | lua | process | http | llm
  std::string kind;
  /// The settings of the kind (`script`, `command`, `url`, `model`, …), checked but not interpreted here.
  json config = json::object();
  std::vector<std::string> capabilities;
  std::map<std::string, std::string> labels;
  /// Node labels that must match.
  std::map<std::string, std::string> placement;
  /// Instances per node, and tasks that each works on at once.
  uint32_t replicas = 1;
  uint32_t concurrency = 1;
  /// The document says one of the two.
  bool room_is_given = false;
  /// Bulkhead: tasks at once in the whole cluster; 0 = no bound.
  uint32_t max_concurrent = 0;
  std::optional<json_schema> input_schema;
  std::optional<json_schema> output_schema;
  std::optional<retry_policy> retry;
  milliseconds timeout{0};
  breaker_policy breaker;
  /// Its work leaves nothing behind but its answer: done once more, or for nothing, nobody notices.
  bool pure = false;
  /// SHA-256 (hex) over kind, config, replicas and concurrency.
  std::string hash;
};

} // namespace troupe

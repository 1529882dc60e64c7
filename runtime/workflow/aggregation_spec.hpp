#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/expression/jsonpath.hpp"
#include "runtime/expression/lua.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct step;

/// How the results of a fan-out become one.
struct aggregation_spec {
  enum class strategy { merge_all, best_result, consensus, synthesis, reduce };
  enum class wait { all, first, quorum, any_valid };
  enum class shortfall { retry, escalate, fail, fallback };

  strategy how = strategy::merge_all;

  wait until = wait::all;
  /// For wait::quorum.
  uint32_t quorum = 0;
  /// A success that does not hold here counts as a failure; `output` is the branch's output. Absent: every success
  /// counts.
  std::optional<lua_chunk> valid;
  /// After this long the results at hand are aggregated; 0 = none.
  milliseconds deadline{0};
  /// Successes needed; 0 in the document means one. "all" is `require_all`.
  uint32_t minimum_required = 1;
  bool require_all = false;
  /// Tried in order.
  std::vector<shortfall> on_shortfall;

  /// best_result: Lua over `output`, `confidence`, `quality`, `agent`, yielding a number. Without `score` and
  /// `scorer`, the quality (else the confidence) that the agent reported decides.
  std::optional<lua_chunk> score;
  /// best_result: an agent that gets {candidates: [{agent, output}]} and answers {scores: [number, …]}.
  std::string scorer;

  /// consensus
  double threshold = 0.6;
  std::optional<jsonpath> key;
  bool weighted = false;

  /// synthesis and reduce: the agent that gets {results: [{agent, output}], failed: […]}, or
  /// {accumulator, item, index} respectively.
  std::string agent;
  /// reduce: Lua over `accumulator`, `item`, `index` instead of an agent.
  std::optional<lua_chunk> reduce;
  json initial;

  /// For shortfall::fallback.
  std::shared_ptr<const step> fallback;
};

} // namespace troupe

#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/workflow/aggregation_spec.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// How one branch of a fan-out ended.
struct branch_result {
  /// Name of the branch; the key under merge_all.
  std::string id;
  bool success = false;
  /// Of a success. JSON text; parsed where it is needed.
  std::shared_ptr<const std::string> output;
  /// Of a failure: "timed_out: no answer in 60 s".
  std::string error;
  std::optional<double> confidence;
  std::optional<double> quality;
};

/// Everything that an aggregation depends on, so that it can be computed anywhere and again.
struct aggregation_request {
  std::string run_id;
  uint32_t task = 0;
  uint32_t attempt = 0;
  uint64_t epoch = 0;
  /// Owned by the workflow, which the run keeps alive.
  std::shared_ptr<const aggregation_spec> spec;
  /// In branch order.
  std::vector<branch_result> branches;
  /// Answer of a scoring or synthesising agent, where the strategy has one; JSON text.
  std::shared_ptr<const std::string> verdict;
  /// Fewer than all branches were waited for, on purpose (first, quorum, any_valid).
  bool stopped_early = false;
  /// Of the run's clock, for the metadata.
  int64_t at_ms = 0;
};

using aggregation_request_ptr = std::shared_ptr<const aggregation_request>;

/// The aggregate in the shape of `aggregated_result.json`:
/// {aggregated_result, metadata: {strategy, sources, total_agents, successful_agents, failed_agents: [{agent, error}],
///  partial, quality_score, timestamp}}; consensus adds metadata.agreement and, without one, metadata.flag_for_review.
/// Fails with ERROR_CODE_EXPRESSION or ERROR_CODE_INVALID_OUTPUT. Whether there are enough successes is the caller's
/// question.
result<json> aggregate(const aggregation_request& request);

/// The same as JSON text. Where the strategy does not look into the outputs, neither does this: those of a wide fan-out
/// are put together as they came.
struct aggregate_text {
  std::string text;
  std::optional<double> quality;
};
result<aggregate_text> aggregate_as_text(const aggregation_request& request);

} // namespace troupe

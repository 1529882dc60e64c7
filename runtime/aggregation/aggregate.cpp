#include "runtime/aggregation/aggregate.hpp"

#include "runtime/aggregation/strategies.hpp"
#include "runtime/core/timestamp.hpp"

#include <cmath>
#include <utility>

namespace troupe {

namespace {

const char* name_of(aggregation_spec::strategy how) {
  using strategy = aggregation_spec::strategy;
  switch (how) {
  case strategy::merge_all:
    return "merge_all";
  case strategy::best_result:
    return "best_result";
  case strategy::consensus:
    return "consensus";
  case strategy::synthesis:
    return "synthesis";
  case strategy::reduce:
    return "reduce";
  }
  return "merge_all";
}

result<combined> combine(const aggregation_request& request) {
  using strategy = aggregation_spec::strategy;
  switch (request.spec->how) {
  case strategy::merge_all:
    return merge_all(request);
  case strategy::best_result:
    return best_result(request);
  case strategy::consensus:
    return consensus(request);
  case strategy::synthesis:
    return synthesis(request);
  case strategy::reduce:
    return reduce(request);
  }
  return fail(v1::ERROR_CODE_INTERNAL, "unknown strategy");
}

/// What the branches say of themselves, on average; null when none says anything.
json mean_quality(const aggregation_request& request) {
  double sum = 0;
  int count = 0;
  for (const auto& branch : request.branches) {
    auto said = branch.quality ? branch.quality : branch.confidence;
    if (!branch.success || !said)
      continue;
    sum += *said;
    ++count;
  }
  // Six digits: what people read, and 0.8 + 0.84 must not average to 0.8200000000000001.
  return count == 0 ? json{} : json(std::round(sum / count * 1e6) / 1e6);
}

} // namespace

result<json> aggregate(const aggregation_request& request) {
  auto made = combine(request);
  if (!made)
    return tl::unexpected<error>(made.error());
  auto sources = json::array();
  auto failed = json::array();
  for (const auto& branch : request.branches) {
    if (branch.success)
      sources.push_back(branch.id);
    else
      failed.push_back({{"agent", branch.id}, {"error", branch.error}});
  }
  json metadata = std::move(made->metadata);
  metadata["strategy"] = name_of(request.spec->how);
  metadata["total_agents"] = request.branches.size();
  metadata["successful_agents"] = sources.size();
  // Branches that were not waited for are no failure of the result.
  metadata["partial"] = !request.stopped_early && !failed.empty();
  metadata["sources"] = std::move(sources);
  metadata["failed_agents"] = std::move(failed);
  metadata["quality_score"] = made->quality ? json(*made->quality) : mean_quality(request);
  metadata["timestamp"] = iso8601(request.at_ms);
  return json{{"aggregated_result", std::move(made->value)}, {"metadata", std::move(metadata)}};
}

} // namespace troupe

#pragma once

#include "runtime/aggregation/aggregate.hpp"

#include <optional>

namespace troupe {

/// What a strategy makes of the successful branches.
struct combined {
  json value;
  /// Members that the strategy adds to the metadata.
  json metadata = json::object();
  /// Where the strategy knows better than the mean of what the branches say.
  std::optional<double> quality;
};

/// {branch: output, …}
result<combined> merge_all(const aggregation_request& request);

/// The output with the highest score; the earlier branch wins a tie. Adds `winner` and `scores` {branch: number}.
result<combined> best_result(const aggregation_request& request);

/// The value that at least `threshold` of the branches (or of their confidence) agree on. Adds `agreement` 0..1,
/// `votes`
/// [{value, weight, agents}], and `flag_for_review: true` with a null value when no value reaches the threshold.
result<combined> consensus(const aggregation_request& request);

/// What the synthesising agent made (the request's verdict).
result<combined> synthesis(const aggregation_request& request);

/// A fold over the outputs in branch order, by Lua or by an agent (the request's verdict).
result<combined> reduce(const aggregation_request& request);

} // namespace troupe

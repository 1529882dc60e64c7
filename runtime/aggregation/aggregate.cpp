#include "runtime/aggregation/aggregate.hpp"

#include "runtime/aggregation/strategies.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/core/timestamp.hpp"

#include <algorithm>
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

/// Without the list of sources, which is as long as the fan-out is wide.
json metadata_of(const aggregation_request& request, json added, std::optional<double> quality) {
  auto failed = json::array();
  size_t successes = 0;
  for (const auto& branch : request.branches) {
    if (branch.success)
      ++successes;
    else
      failed.push_back({{"agent", branch.id}, {"error", branch.error}});
  }
  auto metadata = std::move(added);
  metadata["strategy"] = name_of(request.spec->how);
  metadata["total_agents"] = request.branches.size();
  metadata["successful_agents"] = successes;
  // Branches that were not waited for are no failure of the result.
  metadata["partial"] = !request.stopped_early && !failed.empty();
  metadata["failed_agents"] = std::move(failed);
  metadata["quality_score"] = quality ? json(*quality) : mean_quality(request);
  metadata["timestamp"] = iso8601(request.at_ms);
  return metadata;
}

std::string print(const json& value) {
  return print_json(value);
}

void append_quoted(std::string& text, const std::string& name) {
  auto plain = [](char c) { return c >= ' ' && c != '"' && c != '\\' && c != '\x7f'; };
  if (!std::all_of(name.begin(), name.end(), plain)) {
    text += print(name);
    return;
  }
  text += '"';
  text += name;
  text += '"';
}

} // namespace

result<json> aggregate(const aggregation_request& request) {
  auto made = combine(request);
  if (!made)
    return tl::unexpected<error>(made.error());
  auto metadata = metadata_of(request, std::move(made->metadata), made->quality);
  auto sources = json::array();
  for (const auto& branch : request.branches)
    if (branch.success)
      sources.push_back(branch.id);
  metadata["sources"] = std::move(sources);
  return json{{"aggregated_result", std::move(made->value)}, {"metadata", std::move(metadata)}};
}

result<aggregate_text> aggregate_as_text(const aggregation_request& request) {
  aggregate_text out;
  auto said = [&out](const json& metadata) {
    if (const auto& quality = metadata["quality_score"]; quality.is_number())
      out.quality = quality.get<double>();
  };
  if (request.spec->how != aggregation_spec::strategy::merge_all) {
    auto made = aggregate(request);
    if (!made)
      return tl::unexpected<error>(made.error());
    said((*made)["metadata"]);
    out.text = print(*made);
    return out;
  }
  auto metadata = metadata_of(request, json::object(), std::nullopt);
  said(metadata);
  std::string values;
  std::string sources;
  for (const auto& branch : request.branches) {
    if (!branch.success)
      continue;
    if (!sources.empty()) {
      values += ',';
      sources += ',';
    }
    append_quoted(values, branch.id);
    append_quoted(sources, branch.id);
    values += ':';
    values += *branch.output;
  }
  auto rest = print(metadata);
  rest.pop_back();
  out.text.reserve(values.size() + sources.size() + rest.size() + 64);
  out.text += R"({"aggregated_result":{)";
  out.text += values;
  out.text += R"(},"metadata":)";
  out.text += rest;
  out.text += R"(,"sources":[)";
  out.text += sources;
  out.text += "]}}";
  return out;
}

} // namespace troupe

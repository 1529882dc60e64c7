#include "runtime/aggregation/strategies.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/expression/lua.hpp"
#include "runtime/expression/scope.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace troupe {

namespace {

/// What Lua sees of one branch.
json view_of(const branch_result& branch, json output) {
  json root{{"agent", branch.id}, {"output", std::move(output)}};
  if (branch.confidence)
    root["confidence"] = *branch.confidence;
  if (branch.quality)
    root["quality"] = *branch.quality;
  return root;
}

result<double> score_of(const aggregation_spec& spec, const branch_result& branch) {
  if (!spec.score)
    return branch.quality.value_or(branch.confidence.value_or(0));
  auto root = view_of(branch, json::parse(*branch.output));
  auto value = spec.score->evaluate(json_scope{root});
  if (!value)
    return tl::unexpected<error>(value.error());
  if (!value->is_number())
    return fail(v1::ERROR_CODE_EXPRESSION, "`score: " + spec.score->text() + "` must yield a number; for branch "
                                               + branch.id + " it yielded " + print_json(*value));
  return value->get<double>();
}

result<std::vector<double>> scores_from_agent(const aggregation_request& request, size_t candidates) {
  auto verdict = json::parse(*request.verdict, nullptr, false);
  const json* scores = &verdict;
  if (verdict.is_object() && verdict.contains("scores"))
    scores = &verdict["scores"];
  auto numbers = scores->is_array() && scores->size() == candidates
                 && std::all_of(scores->begin(), scores->end(), [](const json& x) { return x.is_number(); });
  if (!numbers)
    return fail(v1::ERROR_CODE_INVALID_OUTPUT, "agent " + request.spec->scorer
                                                   + " must answer {\"scores\": [number, …]} with "
                                                   + std::to_string(candidates) + " numbers, one per candidate");
  return scores->get<std::vector<double>>();
}

} // namespace

result<combined> merge_all(const aggregation_request& request) {
  combined out;
  out.value = json::object();
  for (const auto& branch : request.branches)
    if (branch.success)
      out.value[branch.id] = json::parse(*branch.output);
  return out;
}

result<combined> best_result(const aggregation_request& request) {
  std::vector<const branch_result*> candidates;
  for (const auto& branch : request.branches)
    if (branch.success)
      candidates.push_back(&branch);
  combined out;
  if (candidates.empty())
    return out;
  std::vector<double> scores;
  if (request.verdict) {
    auto given = scores_from_agent(request, candidates.size());
    if (!given)
      return tl::unexpected<error>(given.error());
    scores = std::move(*given);
  } else {
    for (const auto* branch : candidates) {
      auto score = score_of(*request.spec, *branch);
      if (!score)
        return tl::unexpected<error>(score.error());
      scores.push_back(*score);
    }
  }
  auto best = static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  json table = json::object();
  for (size_t i = 0; i < candidates.size(); ++i)
    table[candidates[i]->id] = scores[i];
  out.value = json::parse(*candidates[best]->output);
  out.metadata = {{"winner", candidates[best]->id}, {"scores", std::move(table)}};
  out.quality = candidates[best]->quality;
  if (!out.quality && scores[best] >= 0 && scores[best] <= 1)
    out.quality = scores[best];
  return out;
}

result<combined> consensus(const aggregation_request& request) {
  struct vote {
    json value;
    double weight = 0;
    json agents = json::array();
    size_t first = 0;
  };
  const auto& spec = *request.spec;
  // Keyed by canonical text: equal values are equal votes, however their agents wrote them.
  std::map<std::string, vote> votes;
  double total = 0;
  for (size_t i = 0; i < request.branches.size(); ++i) {
    const auto& branch = request.branches[i];
    if (!branch.success)
      continue;
    auto output = json::parse(*branch.output);
    json value = output;
    if (spec.key) {
      auto found = spec.key->select(output);
      if (!found)
        return tl::unexpected{found.error()};
      if (found->empty())
        return fail(v1::ERROR_CODE_INVALID_OUTPUT,
                    "the output of branch " + branch.id + " has nothing at `key: " + spec.key->text() + "`");
      value = *found->front();
    }
    auto weight = spec.weighted ? std::clamp(branch.confidence.value_or(1.0), 0.0, 1.0) : 1.0;
    auto& mine = votes.try_emplace(print_json(value), vote{value, 0, json::array(), i}).first->second;
    mine.weight += weight;
    mine.agents.push_back(branch.id);
    total += weight;
  }
  std::vector<vote> ranking;
  for (auto& [text, entry] : votes)
    ranking.push_back(std::move(entry));
  std::stable_sort(ranking.begin(), ranking.end(), [](const vote& a, const vote& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.first < b.first;
  });
  auto agreement = total > 0 ? ranking.front().weight / total : 0.0;
  // Sums of confidences are not exact; 0.6 of 1.0 must count as 0.6.
  constexpr double rounding = 1e-9;
  auto agreed = !ranking.empty() && agreement + rounding >= spec.threshold;
  combined out;
  if (agreed)
    out.value = ranking.front().value;
  auto table = json::array();
  for (auto& entry : ranking)
    table.push_back({{"value", entry.value}, {"weight", entry.weight}, {"agents", std::move(entry.agents)}});
  out.metadata = {{"agreement", agreement}, {"threshold", spec.threshold}, {"votes", std::move(table)}};
  if (!agreed)
    out.metadata["flag_for_review"] = true;
  out.quality = agreement;
  return out;
}

result<combined> synthesis(const aggregation_request& request) {
  combined out;
  out.value = request.verdict ? json::parse(*request.verdict) : json{};
  return out;
}

result<combined> reduce(const aggregation_request& request) {
  combined out;
  if (request.verdict) {
    out.value = json::parse(*request.verdict);
    return out;
  }
  out.value = request.spec->initial;
  for (size_t i = 0; i < request.branches.size(); ++i) {
    const auto& branch = request.branches[i];
    if (!branch.success)
      continue;
    json root{{"accumulator", std::move(out.value)}, {"item", json::parse(*branch.output)}, {"index", i}};
    auto next = request.spec->reduce->evaluate(json_scope{root});
    if (!next)
      return tl::unexpected<error>(next.error());
    out.value = std::move(*next);
  }
  return out;
}

} // namespace troupe

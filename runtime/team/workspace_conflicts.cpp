// What happens to a write that comes too late.

#include "runtime/team/merge_patch.hpp"
#include "runtime/team/workspace.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using conflict = team_step::conflict;

workspace::put_result from(result<artifact_written> x) {
  if (!x)
    return x.error();
  return std::move(*x);
}

} // namespace

error workspace::out_of_date(const artifact_write& write, const artifact& found) const {
  const auto& now = found.versions.back();
  return {v1::ERROR_CODE_CONFLICT,
          "artifact " + write.artifact + " is at version " + std::to_string(now.version)
              + (now.author.empty() ? "" : ", written by " + now.author) + "; this write was made from version "
              + std::to_string(write.expected) + ": get it again and write what both want",
          false};
}

workspace::put_result workspace::put(const artifact_write& write, conflict policy, int64_t now_ms) {
  auto current = version_of(write.artifact);
  if (write.expected > current)
    return error{v1::ERROR_CODE_INVALID_INPUT,
                 "artifact " + write.artifact + " is at version " + std::to_string(current) + "; there is no version "
                     + std::to_string(write.expected) + " yet",
                 false};
  if (write.expected == current) {
    auto done = append(write.artifact, write.value, write.author, "", now_ms);
    if (done && policy == conflict::vote) {
      auto& x = artifacts_[write.artifact];
      x.contested = current;
      x.has_ballots = true;
      x.ballots = {{write.author, write.value, write.confidence}};
    }
    return from(std::move(done));
  }
  auto& found = artifacts_[write.artifact];
  switch (policy) {
  case conflict::reject:
    return out_of_date(write, found);
  case conflict::last_writer:
    return from(append(write.artifact, write.value, write.author, "last_writer", now_ms));
  case conflict::merge:
    return merge(write, found, now_ms);
  case conflict::vote:
    return vote(write, found, now_ms);
  case conflict::agent:
  case conflict::human:
    return write_contested{};
  }
  return out_of_date(write, found);
}

workspace::put_result workspace::merge(const artifact_write& write, artifact& found, int64_t now_ms) {
  const auto* base = write.expected == 0 ? nullptr : find(write.artifact, write.expected);
  // What began as nothing began as an empty object.
  static const json nothing = json::object();
  if (write.expected > 0 && base == nullptr) {
    auto why = out_of_date(write, found);
    why.message += "; version " + std::to_string(write.expected) + " is too old to merge with";
    return why;
  }
  std::string where;
  auto merged = merge_three_ways(base ? base->value.value() : nothing, found.versions.back().value.value(),
                                 write.value.value(), where);
  if (!merged) {
    auto why = out_of_date(write, found);
    why.message += where.empty() ? "; only objects can be merged" : "; both sides changed " + where;
    return why;
  }
  return from(append(write.artifact, lazy_json{std::move(*merged)}, write.author, "merge", now_ms));
}

workspace::put_result workspace::vote(const artifact_write& write, artifact& found, int64_t now_ms) {
  // Only those who started from the same version are candidates for what follows it.
  if (!found.has_ballots || found.contested != write.expected)
    return out_of_date(write, found);
  auto mine = std::find_if(found.ballots.begin(), found.ballots.end(),
                           [&](const ballot& b) { return b.author == write.author; });
  if (mine == found.ballots.end())
    found.ballots.push_back({write.author, write.value, write.confidence});
  else
    *mine = {write.author, write.value, write.confidence};
  ++writes_;
  auto weight_of = [&](const json& value) {
    double sum = 0;
    for (const auto& b : found.ballots)
      if (b.value.value() == value)
        sum += b.weight;
    return sum;
  };
  const auto& standing = found.versions.back().value.value();
  if (standing == write.value.value())
    return artifact_written{found.versions.back().version, found.versions.back().bytes, "vote"};
  // A draw changes nothing.
  if (weight_of(write.value.value()) > weight_of(standing))
    return from(append(write.artifact, write.value, write.author, "vote", now_ms));
  auto why = out_of_date(write, found);
  why.message += "; the vote keeps the other";
  return why;
}

result<artifact_written> workspace::settle(const artifact_write& write, const char* how, int64_t now_ms) {
  return append(write.artifact, write.value, write.author, how, now_ms);
}

} // namespace troupe

#include "tests/sim/team_order.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::sim {

namespace {

/// The one selector in Lua that the simulation's documents have goes round its members and stops after so many turns.
constexpr uint32_t most_selected = 5;

} // namespace

std::string team_order::phase() const {
  if (rules_.order != team_step::turns::by_phase || rules_.phases.empty())
    return {};
  return rules_.phases[std::min<size_t>(phase_, rules_.phases.size() - 1)].name;
}

std::optional<std::string> team_order::next(const std::string& chosen) const {
  if (at_end_)
    return std::nullopt;
  switch (rules_.order) {
  case turns::by_phase:
    return rules_.members[rules_.phases[phase_].members[position_]].role;
  case turns::round_robin:
    return rules_.members[position_].role;
  case turns::selector:
    if (rules_.selector)
      return begun_ < most_selected ? std::optional{rules_.members[begun_ % size()].role} : std::nullopt;
    return chosen.empty() ? std::nullopt : std::optional{chosen};
  case turns::handoff:
    if (begun_ == 0)
      return rules_.members.front().role;
    return handed_to_.empty() ? std::nullopt : std::optional{handed_to_};
  case turns::free:
    break;
  }
  return std::nullopt;
}

std::string team_order::begins(const std::string& role, const std::string& chosen) {
  if (rules_.order == turns::free)
    return begins_freely(role);
  auto expected = next(chosen);
  std::string out;
  if (under_way_)
    out = fmt::format("it has begun while the turn of {} goes on", last_);
  else if (!expected)
    out = "nobody is next";
  else if (*expected != role)
    out = fmt::format("{} is next", *expected);
  under_way_ = true;
  round_done_ = false;
  before_ = last_;
  last_ = role;
  if (!in_rounds())
    iteration_ = begun_ / size() + 1;
  ++begun_;
  return out;
}

std::string team_order::begins_freely(const std::string& role) {
  if (round_done_) {
    round_done_ = false;
    ++iteration_;
    had_.clear();
  }
  std::string out;
  if (at_end_)
    out = "nobody is next";
  else if (!had_.insert(role).second)
    out = fmt::format("{} has had its turn in iteration {}", role, iteration_);
  at_it_.insert(role);
  ++begun_;
  return out;
}

bool team_order::is_reviewer(const std::string& role) const {
  return rules_.has_review && std::any_of(rules_.reviewers.begin(), rules_.reviewers.end(), [&](uint32_t member) {
           return rules_.members[member].role == role;
         });
}

void team_order::ends(const std::string& role, const std::string& verdict, const std::string& handed_to) {
  under_way_ = false;
  last_verdict_ = verdict;
  switch (rules_.order) {
  case turns::by_phase:
    if (!verdict.empty())
      silent_.erase(role);
    else if (is_reviewer(role))
      silent_.insert(role);
    if (verdict == "revise") {
      at_end_ = iteration_ >= rules_.max_iterations;
      if (!at_end_) {
        ++iteration_;
        silent_.clear();
        phase_ = rules_.back_to;
        position_ = 0;
      }
      return;
    }
    if (++position_ < rules_.phases[phase_].members.size())
      return;
    position_ = 0;
    if (++phase_ >= rules_.phases.size())
      round_over();
    return;
  case turns::round_robin:
    if (verdict == "approve")
      at_end_ = true;
    else if (++position_ >= size())
      round_over();
    return;
  case turns::free:
    at_it_.erase(role);
    if (verdict == "approve")
      at_end_ = true;
    else if (at_it_.empty() && had_.size() == size())
      round_over();
    return;
  case turns::selector:
  case turns::handoff:
    at_end_ = verdict == "approve" || begun_ >= size() * rules_.max_iterations;
    // Without an address of its own, a review that asks for changes goes back to where the work came from.
    handed_to_ = !handed_to.empty() ? handed_to : verdict == "revise" ? before_ : std::string{};
    return;
  }
}

void team_order::round_over() {
  round_done_ = true;
  at_end_ =
      iteration_ >= rules_.max_iterations || (rules_.order == turns::by_phase && !rules_.until && silent_.empty());
  if (at_end_ || rules_.order == turns::free)
    return;
  ++iteration_;
  silent_.clear();
  phase_ = rules_.order == turns::by_phase ? rules_.back_to : 0;
  position_ = 0;
}

std::string team_order::over(const std::string& reason, uint32_t iterations, const std::string& chosen) const {
  auto by_phase = rules_.order == turns::by_phase;
  auto said = [&](const char* verdict) { return last_verdict_ == verdict; };
  // Where another round was due, `until` may have come first.
  auto expected = round_done_ && !at_end_ && rules_.order != turns::free ? iteration_ - 1 : iteration_;
  if (iterations != expected)
    return fmt::format("it speaks of {} iterations, of which there were {}", iterations, expected);
  if (under_way_)
    return fmt::format("the turn of {} goes on", last_);
  auto right = [&] {
    if (reason == "approved")
      return by_phase ? round_done_ && at_end_ && rules_.has_review && !rules_.until && silent_.empty()
                      : said("approve");
    if (reason == "phases")
      return by_phase && round_done_ && !rules_.has_review && !rules_.until;
    if (reason == "until")
      return rules_.until.has_value() && (round_done_ || rules_.order == turns::free || !in_rounds());
    if (reason == "rounds")
      return !by_phase && in_rounds() && round_done_ && at_end_ && !rules_.until && !rules_.has_review;
    if (reason == "handed_over")
      return rules_.order == turns::handoff && handed_to_.empty() && !said("approve");
    // A selector is heard at the bound, too.
    auto selects = rules_.selector ? begun_ < most_selected : !chosen.empty();
    if (reason == "selector")
      return rules_.order == turns::selector && !selects;
    if (reason != "max_iterations")
      return false;
    if (!in_rounds())
      return begun_ == size() * rules_.max_iterations && !said("approve")
             && (rules_.order == turns::handoff ? !handed_to_.empty() : selects);
    if (by_phase && said("revise"))
      return at_end_;
    return at_end_ && round_done_ && (rules_.until || (by_phase ? !silent_.empty() : rules_.has_review));
  }();
  return right ? std::string{} : "that is not how it stands";
}

} // namespace troupe::sim

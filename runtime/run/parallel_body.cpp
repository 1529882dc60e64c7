#include "runtime/run/parallel_body.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/frame_scope.hpp"
#include "runtime/run/parallel_slots.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace troupe {

namespace {

constexpr uint32_t most_branches = 100'000;

using shortfall_action = aggregation_spec::shortfall;
using wait_for = aggregation_spec::wait;

} // namespace

parallel_body::parallel_body(const parallel_step& definition) : definition_{definition} {}

parallel_body::~parallel_body() = default;

// -- fan-out ----------------------------------------------------------------------------------------------------------

void parallel_body::begin(engine& run, frame& self) {
  if (auto why = expand(run, self)) {
    run.body_ended(self, outcome::failure(std::move(*why)));
    return;
  }
  run.publish_started(self, static_cast<uint32_t>(branches_.size()));
  for (uint32_t i = 0; i < branches_.size(); ++i)
    to_start_.push_back(i);
  start_branches(run, self);
}

std::optional<error> parallel_body::expand(engine& run, frame& self) {
  if (!definition_.each) {
    for (const auto& branch_step : definition_.branches)
      branches_.push_back({branch_step.id, nullptr});
    return std::nullopt;
  }
  auto items = definition_.each->evaluate(frame_scope{run, self});
  if (!items)
    return items.error();
  if (!items->is_array())
    return error{v1::ERROR_CODE_EXPRESSION, std::string{"`each` must yield an array; it yielded "} + items->type_name(),
                 false};
  if (items->size() > most_branches)
    return error{v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                 "`each` yielded " + std::to_string(items->size()) + " items; the limit is "
                     + std::to_string(most_branches),
                 false};
  items_ = std::make_shared<const json>(std::move(*items));
  // The names stay where they are: nothing is added to `branches_` beyond what is reserved.
  std::unordered_set<std::string_view> taken;
  taken.reserve(items_->size());
  branches_.reserve(items_->size());
  to_start_.reserve(items_->size());
  for (size_t i = 0; i < items_->size(); ++i) {
    const auto& item = (*items_)[i];
    auto name = std::to_string(i);
    if (definition_.key) {
      auto key = definition_.key->evaluate(json_scope{json{{"item", item}, {"index", i}, {"input", run.input()}}});
      if (!key)
        return key.error();
      name = key->is_string() ? key->get<std::string>() : print_json(*key);
    } else if (item.is_string()) {
      name = item.get<std::string>();
    }
    // Two branches of one name would be one entry of the result.
    if (taken.contains(name)) {
      name += '#';
      name += std::to_string(i);
    }
    branches_.push_back({std::move(name), nullptr});
    taken.insert(branches_.back().name);
  }
  return std::nullopt;
}

void parallel_body::start_branches(engine& run, frame& self) {
  now_ = phase::branches;
  auto deadline = definition_.aggregate->deadline.count();
  if (deadline > 0)
    deadline_timer_ = run.start_body_timer(self, 0, deadline);
  start_some(run, self);
  if (ended_ == branches_.size())
    gather(run, self, false);
}

void parallel_body::start_some(engine& run, frame& self) {
  auto room = definition_.max_concurrent;
  while (next_to_start_ < to_start_.size() && (room == 0 || running_ < room)) {
    auto slot = to_start_[next_to_start_++];
    child_options options;
    options.branch = branches_[slot].name;
    options.index = slot;
    if (items_)
      options.item = &(*items_)[slot];
    ++running_;
    run.start_child(self, items_ ? *definition_.body : definition_.branches[slot], slot, std::move(options));
  }
}

// -- fan-in -----------------------------------------------------------------------------------------------------------

void parallel_body::child_ended(engine& run, frame& self, uint32_t slot, outcome how) {
  if (slot == verdict_slot) {
    verdict_ended(run, self, how);
  } else if (slot == fallback_slot) {
    if (how.tolerated)
      how.how = outcome::status::succeeded;
    run.body_ended(self, std::move(how));
  } else if (now_ == phase::branches) {
    branch_ended(run, self, slot, std::move(how));
  }
}

std::optional<error> parallel_body::check_valid(const outcome& how) const {
  const auto& valid = definition_.aggregate->valid;
  if (!valid)
    return std::nullopt;
  json root{{"output", how.output.value()}};
  if (how.confidence)
    root["confidence"] = *how.confidence;
  if (how.quality)
    root["quality"] = *how.quality;
  auto holds = valid->test(json_scope{root});
  if (!holds)
    return holds.error();
  if (!*holds)
    return error{v1::ERROR_CODE_INVALID_OUTPUT, "the result did not pass `valid: " + valid->text() + "`", false};
  return std::nullopt;
}

void parallel_body::branch_ended(engine& run, frame& self, uint32_t slot, outcome how) {
  --running_;
  ++ended_;
  auto& mine = branches_[slot];
  mine.how = std::make_unique<outcome>(std::move(how));
  if (mine.how->tolerated)
    mine.how->how = outcome::status::succeeded;
  if (mine.how->success()) {
    if (auto fault = check_valid(*mine.how)) {
      mine.how->how = outcome::status::failed;
      mine.how->why = std::move(*fault);
    }
  }
  if (mine.how->success()) {
    ++successes_;
  } else if (definition_.fail_fast) {
    auto why = mine.how->why;
    why.message = "branch " + mine.name + ": " + why.message;
    stop_branches(run, self, "a sibling failed (fail_fast)");
    auto failure = outcome::failure(std::move(why));
    failure.partial_results = lazy_json{partial_aggregate(run)};
    run.body_ended(self, std::move(failure));
    return;
  }
  if (enough()) {
    auto early = ended_ < branches_.size();
    stop_branches(run, self, "enough results");
    gather(run, self, early);
  } else if (ended_ == branches_.size()) {
    gather(run, self, false);
  } else {
    start_some(run, self);
  }
}

bool parallel_body::enough() const {
  const auto& spec = *definition_.aggregate;
  switch (spec.until) {
  case wait_for::all:
    return false;
  case wait_for::first:
  case wait_for::any_valid:
    return successes_ >= 1;
  case wait_for::quorum:
    return successes_ >= spec.quorum;
  }
  return false;
}

uint32_t parallel_body::required() const {
  const auto& spec = *definition_.aggregate;
  auto total = static_cast<uint32_t>(branches_.size());
  if (stopped_early_)
    return 0;
  if (spec.require_all)
    return total;
  auto least = std::max(spec.minimum_required, 1U);
  if (spec.until == wait_for::quorum)
    least = std::max(least, spec.quorum);
  // No items, no results: that is complete.
  return total == 0 ? 0 : least;
}

void parallel_body::stop_branches(engine& run, frame& self, const std::string& reason) {
  run.stop_timer(deadline_timer_);
  while (!self.children.empty())
    run.stop_child(*self.children.back(), reason);
  running_ = 0;
  next_to_start_ = to_start_.size();
}

void parallel_body::timer_fired(engine& run, frame& self, uint32_t) {
  deadline_timer_ = 0;
  stop_branches(run, self, "the deadline has passed");
  auto seconds = json(static_cast<double>(definition_.aggregate->deadline.count()) / 1000).dump();
  for (auto& b : branches_) {
    if (!b.how) {
      b.how = std::make_unique<outcome>(
          outcome::failure({v1::ERROR_CODE_TIMED_OUT, "no result in " + seconds + " s", true}));
      ++ended_;
    }
  }
  gather(run, self, false);
}

void parallel_body::gather(engine& run, frame& self, bool stopped_early) {
  run.stop_timer(deadline_timer_);
  stopped_early_ = stopped_early;
  if (successes_ < required())
    shortfall(run, self);
  else
    seek_verdict(run, self);
}

// -- too few ----------------------------------------------------------------------------------------------------------

void parallel_body::shortfall(engine& run, frame& self) {
  const auto& spec = *definition_.aggregate;
  if (next_shortfall_action_ >= spec.on_shortfall.size()) {
    fail_short(run, self, false);
    return;
  }
  switch (spec.on_shortfall[next_shortfall_action_++]) {
  case shortfall_action::retry:
    retry_failed(run, self);
    return;
  case shortfall_action::escalate:
    fail_short(run, self, true);
    return;
  case shortfall_action::fail:
    fail_short(run, self, false);
    return;
  case shortfall_action::fallback:
    now_ = phase::fallback;
    self.facts().partial = std::make_shared<const json>(partial_aggregate(run));
    run.start_child(self, *spec.fallback, fallback_slot);
    return;
  }
}

void parallel_body::retry_failed(engine& run, frame& self) {
  to_start_.clear();
  next_to_start_ = 0;
  for (uint32_t i = 0; i < branches_.size(); ++i) {
    auto& b = branches_[i];
    if (b.how && b.how->success())
      continue;
    b.how.reset();
    --ended_;
    to_start_.push_back(i);
  }
  start_branches(run, self);
}

void parallel_body::fail_short(engine& run, frame& self, bool escalated) {
  auto text = std::to_string(successes_) + " of " + std::to_string(branches_.size()) + " branches succeeded, "
              + std::to_string(required()) + " are required; failed: ";
  constexpr int most_named = 5;
  int named = 0;
  for (const auto& b : branches_) {
    if (b.how && b.how->success())
      continue;
    if (named++ == most_named) {
      text += ", …";
      break;
    }
    text += (named > 1 ? ", " : "") + b.name + " (" + (b.how ? describe(b.how->why) : "not ended") + ")";
  }
  auto failure = outcome::failure({v1::ERROR_CODE_SHORTFALL, std::move(text), false});
  failure.partial_results = lazy_json{partial_aggregate(run)};
  failure.escalated = escalated;
  run.body_ended(self, std::move(failure));
}

json parallel_body::partial_aggregate(engine& run) const {
  auto request = make_request();
  auto spec = std::make_shared<aggregation_spec>();
  request->spec = spec;
  request->at_ms = run.now_ms();
  auto made = aggregate(*request);
  return made ? std::move(*made) : json{};
}

} // namespace troupe

// What becomes of the branches' results: scorers, synthesisers and reducers are asked, and the aggregate is computed.
#include "runtime/core/json_io.hpp"
#include "runtime/run/parallel_body.hpp"

#include "runtime/run/engine.hpp"
#include "runtime/run/parallel_slots.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

// -- scorers, synthesisers, reducers ----------------------------------------------------------------------------------

void parallel_body::seek_verdict(engine& run, frame& self) {
  const auto& spec = *definition_.aggregate;
  using strategy = aggregation_spec::strategy;
  if (spec.how == strategy::best_result && !spec.scorer.empty() && successes_ > 0) {
    ask_agent(run, self, spec.scorer, json{{"candidates", results_so_far()}});
  } else if (spec.how == strategy::synthesis) {
    json failed = json::array();
    for (const auto& b : branches_)
      if (b.how && !b.how->success())
        failed.push_back({{"agent", b.name}, {"error", describe(b.how->why)}});
    ask_agent(run, self, spec.agent, json{{"results", results_so_far()}, {"failed", std::move(failed)}});
  } else if (spec.how == strategy::reduce && !spec.agent.empty()) {
    accumulator_ = spec.initial;
    reduced_ = 0;
    reduce_next(run, self);
  } else {
    start_aggregation_task(run, self);
  }
}

json parallel_body::results_so_far() const {
  json results = json::array();
  for (const auto& b : branches_)
    if (b.how && b.how->success())
      results.push_back({{"agent", b.name}, {"output", b.how->output.value()}});
  return results;
}

void parallel_body::ask_agent(engine& run, frame& self, const std::string& agent, json input) {
  now_ = phase::verdict;
  if (!ask_) {
    ask_ = std::make_unique<step>();
    agent_step body;
    body.agent = agent;
    ask_->id = agent;
    ask_->body = std::move(body);
  }
  child_options options;
  options.fixed_input = std::make_shared<const json>(std::move(input));
  run.start_child(self, *ask_, verdict_slot, std::move(options));
}

void parallel_body::reduce_next(engine& run, frame& self) {
  while (reduced_ < branches_.size()) {
    auto index = reduced_++;
    const auto& b = branches_[index];
    if (!b.how || !b.how->success())
      continue;
    ask_agent(run, self, definition_.aggregate->agent,
              json{{"accumulator", accumulator_}, {"item", b.how->output.value()}, {"index", index}});
    return;
  }
  verdict_ = std::make_shared<const std::string>(print_json(accumulator_));
  start_aggregation_task(run, self);
}

void parallel_body::verdict_ended(engine& run, frame& self, const outcome& how) {
  if (!how.success()) {
    auto failure = how;
    failure.why.message = "agent " + ask_->id + ", asked to aggregate: " + failure.why.message;
    failure.partial_results = lazy_json{partial_aggregate(run)};
    run.body_ended(self, std::move(failure));
    return;
  }
  if (definition_.aggregate->how == aggregation_spec::strategy::reduce) {
    accumulator_ = how.output.value();
    reduce_next(run, self);
    return;
  }
  verdict_ = how.output.shared_text();
  start_aggregation_task(run, self);
}

// -- the aggregate ----------------------------------------------------------------------------------------------------

std::shared_ptr<aggregation_request> parallel_body::make_request() const {
  auto request = std::make_shared<aggregation_request>();
  request->spec = definition_.aggregate;
  request->verdict = verdict_;
  request->stopped_early = stopped_early_;
  request->branches.reserve(branches_.size());
  for (const auto& b : branches_) {
    branch_result entry;
    entry.id = b.name;
    if (b.how && b.how->success()) {
      entry.success = true;
      entry.output = b.how->output.shared_text();
      entry.confidence = b.how->confidence;
      entry.quality = b.how->quality;
    } else {
      entry.error = b.how ? describe(b.how->why) : "cancelled: enough results without it";
    }
    request->branches.push_back(std::move(entry));
  }
  return request;
}

void parallel_body::start_aggregation_task(engine& run, frame& self) {
  now_ = phase::aggregation;
  if (!task_)
    task_ = run.new_task(self);
  run.send_aggregation(*task_, make_request());
}

bool parallel_body::any_failed() const {
  return std::any_of(branches_.begin(), branches_.end(),
                     [](const branch& b) { return b.how && (!b.how->success() || b.how->partial); });
}

void parallel_body::task_finished(engine& run, frame& self, const v1::TaskResult& result) {
  if (result.status() != v1::TASK_STATUS_SUCCESS) {
    auto failure = outcome::failure({result.error().code(), "aggregation: " + result.error().message(), false});
    failure.partial_results = lazy_json{partial_aggregate(run)};
    run.body_ended(self, std::move(failure));
    return;
  }
  auto how = outcome::success_of(lazy_json{result.output().data()});
  if (result.has_quality())
    how.quality = result.quality();
  how.partial = any_failed();
  run.body_ended(self, std::move(how));
}

void parallel_body::task_lost(engine& run, frame& self, const v1::TaskLost& loss) {
  constexpr uint32_t most_losses = 3;
  if (++aggregation_losses_ < most_losses) {
    start_aggregation_task(run, self);
    return;
  }
  run.body_ended(self, outcome::failure({v1::ERROR_CODE_INTERNAL, "the aggregator died: " + loss.reason(), false}));
}

void parallel_body::resumed(engine& run, frame& self) {
  if (now_ == phase::aggregation && task_ && !self.ending && run.in_flight(*task_))
    start_aggregation_task(run, self);
}

void parallel_body::stop(engine& run, frame&, const std::string& reason) {
  run.stop_timer(deadline_timer_);
  if (task_)
    run.cancel_task_of(*task_, reason);
}

uint64_t parallel_body::digest() const {
  uint64_t hash = static_cast<uint64_t>(now_);
  for (uint64_t part : {uint64_t{running_}, uint64_t{successes_}, uint64_t{ended_}, uint64_t{next_to_start_},
                        uint64_t{next_shortfall_action_}, uint64_t{reduced_}, deadline_timer_})
    hash = hash * 1099511628211ULL + part;
  for (const auto& b : branches_)
    hash = hash * 31 + (b.how ? 1 + static_cast<uint64_t>(b.how->how) : 0);
  return hash;
}

} // namespace troupe

#include "runtime/run/agent_body.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/frame_scope.hpp"
#include "runtime/run/retry_decision.hpp"
#include "runtime/run/task_output.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

const retry_policy& policy_of(const frame& self, const agent_definition& agent) {
  static const retry_policy none;
  if (self.definition->retry)
    return *self.definition->retry;
  return agent.retry ? *agent.retry : none;
}

std::string first_of(const std::vector<std::string>& faults) {
  // "/place: what is wrong"; the root's place is empty.
  auto text = faults.front().starts_with(": ") ? faults.front().substr(2) : faults.front();
  if (faults.size() > 1)
    text += " (and " + std::to_string(faults.size() - 1) + " more)";
  return text;
}

/// Whether the output of this step is, as it is, that of the turn around it. A group and a fan-out make their own.
bool speaks_for_its_turn(const frame& self) {
  const auto* f = &self;
  for (; !f->turn && f->parent != nullptr; f = f->parent) {
    const auto& outer = *f->parent->definition;
    if (f->definition != outer.fallback.get() && !std::holds_alternative<choose_step>(outer.body))
      return false;
  }
  return f->turn != nullptr;
}

} // namespace

void agent_body::begin(engine& run, frame& self) {
  agent_ = &run.definition().agents.at(definition_.agent);
  if (self.rare && self.rare->fixed_input) {
    take_input(run, self, *self.rare->fixed_input);
    return;
  }
  if (definition_.input) {
    auto value = definition_.input->evaluate_lazily(frame_scope{run, self});
    if (value)
      take_input(run, self, *value);
    else
      run.body_ended(self, outcome::failure(value.error()));
    return;
  }
  // The nearest of what a fan-out and what a team give.
  for (const auto* f = &self; f != nullptr; f = f->parent) {
    if (f->item != nullptr) {
      take_input(run, self, *f->item);
      return;
    }
    if (f->turn) {
      told_by_input_ = true;
      if (agent_->input_schema)
        take_input(run, self, f->turn->context->value());
      else
        start(run, self, f->turn->context->text());
      return;
    }
  }
  take_input(run, self, run.lazy_input());
}

void agent_body::take_input(engine& run, frame& self, const json& value) {
  if (fits(run, self, value))
    start(run, self, print_json(value));
}

void agent_body::take_input(engine& run, frame& self, const lazy_json& value) {
  if (agent_->input_schema && !fits(run, self, value.value()))
    return;
  start(run, self, value.text());
}

bool agent_body::fits(engine& run, frame& self, const json& value) const {
  if (!agent_->input_schema)
    return true;
  auto faults = agent_->input_schema->check(value);
  if (faults.empty())
    return true;
  auto text = "the input of agent " + agent_->name + " does not fit its schema: " + first_of(faults);
  run.body_ended(self, outcome::failure({v1::ERROR_CODE_INVALID_INPUT, std::move(text), false}));
  return false;
}

void agent_body::start(engine& run, frame& self, std::string input) {
  task_ = run.new_task(self);
  send(run, self, std::move(input));
}

void agent_body::add_placement(v1::Task& task, const frame& self) const {
  // The agent's own labels come first; of two steps the inner one counts.
  auto add = [&](const auto& labels) {
    for (const auto& [key, value] : labels) {
      const auto& there = task.placement();
      if (std::any_of(there.begin(), there.end(), [&key = key](const auto& x) { return x.key() == key; }))
        continue;
      auto* label = task.add_placement();
      label->set_key(key);
      label->set_value(value);
    }
  };
  add(agent_->placement);
  for (const auto* f = &self; f != nullptr; f = f->parent)
    add(f->definition->placement);
}

void agent_body::send_again(engine& run, frame& self) {
  send(run, self, sent_->input().data());
}

void agent_body::send(engine& run, frame& self, std::string input) {
  auto task = std::make_shared<v1::Task>();
  task->set_step(path_of(self));
  task->set_agent(agent_->name);
  task->set_agent_hash(agent_->hash);
  task->mutable_input()->set_data(std::move(input));
  auto timeout = definition_.attempt_timeout;
  if (timeout.count() == 0)
    timeout = agent_->timeout.count() > 0 ? agent_->timeout : default_attempt_timeout;
  task->set_timeout_ms(static_cast<uint32_t>(timeout.count()));
  task->set_priority(self.priority);
  add_placement(*task, self);
  for (auto* f = &self; f != nullptr; f = f->parent) {
    if (!f->turn)
      continue;
    auto& grant = *task->mutable_turn();
    grant.set_role(f->turn->role);
    grant.set_answering(f->turn->answering);
    grant.set_reviews(f->turn->context->reviews() && speaks_for_its_turn(self));
    if (!told_by_input_)
      grant.set_context(f->turn->context->text());
    break;
  }
  sent_ = task;
  run.send_task(task_, std::move(task));
}

void agent_body::task_finished(engine& run, frame& self, const v1::TaskResult& result) {
  switch (result.status()) {
  case v1::TASK_STATUS_SUCCESS: {
    auto output = read_output(result.output());
    if (!output) {
      failed(run, self, output.error(), &result);
      return;
    }
    if (agent_->output_schema) {
      auto faults = agent_->output_schema->check(output->value());
      if (!faults.empty()) {
        auto text = "the output of agent " + agent_->name + " does not fit its schema: " + first_of(faults);
        failed(run, self, {v1::ERROR_CODE_INVALID_OUTPUT, std::move(text), true}, &result);
        return;
      }
    }
    auto how = outcome::success_of(std::move(*output));
    if (result.has_confidence())
      how.confidence = result.confidence();
    if (result.has_quality())
      how.quality = result.quality();
    how.attempts = result.attempt();
    report(run, self, result, {}, false);
    run.body_ended(self, std::move(how));
    return;
  }
  case v1::TASK_STATUS_CANCELLED:
    // Not by us: whoever cancels for us does not listen any more. The node gave up (drain, fence, shutdown).
    report(run, self, result, "cancelled by its node", true);
    lost(run, self, result.node(), result.error().message());
    return;
  default: {
    error why{result.error().code(), result.error().message(), result.error().retryable()};
    if (why.code == v1::ERROR_CODE_UNSPECIFIED)
      why.code = result.status() == v1::TASK_STATUS_TIMED_OUT  ? v1::ERROR_CODE_TIMED_OUT
                 : result.status() == v1::TASK_STATUS_REJECTED ? v1::ERROR_CODE_RESOURCE_EXHAUSTED
                                                               : v1::ERROR_CODE_AGENT_FAILED;
    failed(run, self, std::move(why), &result);
  }
  }
}

void agent_body::failed(engine& run, frame& self, error why, const v1::TaskResult* result) {
  auto retry_after = result ? result->error().retry_after_ms() : 0;
  auto wait = next_try(policy_of(self, *agent_), tries_, why, retry_after, false, run.random_for(task_, tries_));
  if (result)
    report(run, self, *result, describe(why), wait.has_value());
  if (wait) {
    ++tries_;
    timer_ = run.start_body_timer(self, 0, *wait);
    return;
  }
  run.count_failed_task();
  auto how = outcome::failure(std::move(why));
  how.attempts = run.attempt_of(task_);
  how.retry_after_ms = retry_after;
  run.body_ended(self, std::move(how));
}

void agent_body::task_lost(engine& run, frame& self, const v1::TaskLost& loss) {
  if (run.publishes()) {
    v1::TaskResult result;
    result.set_task(loss.task());
    result.set_attempt(loss.attempt());
    result.set_node(loss.node());
    result.set_status(v1::TASK_STATUS_FAILED);
    report(run, self, result, "lost: " + loss.reason(), losses_ + 1 < most_losses);
  }
  lost(run, self, loss.node(), loss.reason());
}

void agent_body::lost(engine& run, frame& self, const std::string& node, const std::string& reason) {
  if (++losses_ < most_losses) {
    send_again(run, self);
    return;
  }
  auto text = "agent " + agent_->name + " was lost " + std::to_string(losses_) + " times, last with node " + node + " ("
              + reason + ")";
  // No matter for the retry policy: every further try may take another node along.
  run.count_failed_task();
  auto how = outcome::failure({v1::ERROR_CODE_AGENT_CRASHED, std::move(text), false});
  how.attempts = run.attempt_of(task_);
  run.body_ended(self, std::move(how));
}

void agent_body::report(engine& run, frame& self, const v1::TaskResult& result, const std::string& fault,
                        bool again) const {
  if (!run.publishes())
    return;
  auto update = run.new_update();
  auto* ended = update.mutable_task_ended();
  ended->set_step(path_of(self));
  ended->set_agent(agent_->name);
  ended->set_task(result.task());
  ended->set_attempt(result.attempt());
  ended->set_status(fault.empty() || result.status() != v1::TASK_STATUS_SUCCESS ? result.status()
                                                                                : v1::TASK_STATUS_FAILED);
  ended->set_node(result.node());
  ended->set_error(fault);
  ended->set_will_retry(again);
  run.publish(std::move(update));
}

void agent_body::timer_fired(engine& run, frame& self, uint32_t) {
  timer_ = 0;
  send_again(run, self);
}

void agent_body::resumed(engine& run, frame& self) {
  if (sent_ && timer_ == 0 && !self.ending && run.in_flight(task_))
    send_again(run, self);
}

void agent_body::stop(engine& run, frame&, const std::string& reason) {
  run.stop_timer(timer_);
  if (sent_)
    run.cancel_task_of(task_, reason);
}

void agent_body::child_ended(engine&, frame&, uint32_t, outcome) {
  // An agent step has no children.
}

uint64_t agent_body::digest() const {
  return (uint64_t{task_} << 32) ^ (uint64_t{tries_} << 16) ^ (uint64_t{losses_} << 8) ^ timer_;
}

} // namespace troupe

// The life of a frame: what all steps share, from their condition to the consequences of their end.
#include "runtime/run/engine.hpp"

#include "runtime/policy/error_code_name.hpp"
#include "runtime/run/frame_scope.hpp"
#include "runtime/run/retry_decision.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

frame& engine::start_child(frame& parent, const step& definition, uint32_t slot, child_options options) {
  auto made = std::make_unique<frame>();
  auto& f = *made;
  f.id = static_cast<uint32_t>(frames_.size());
  f.definition = &definition;
  f.parent = &parent;
  f.slot = slot;
  f.branch = std::move(options.branch);
  f.item = options.item;
  f.index = options.index;
  if (options.fixed_input)
    f.facts().fixed_input = std::move(options.fixed_input);
  f.turn = std::move(options.turn);
  f.priority = definition.priority != 0 ? definition.priority : parent.priority;
  f.position = parent.children.size();
  parent.children.push_back(&f);
  frames_.push_back(std::move(made));
  work_.push_back({work_kind::begin, f.id});
  return f;
}

void engine::begin(frame& f) {
  if (f.definition->when) {
    auto holds = f.definition->when->test(frame_scope{*this, f});
    if (!holds) {
      fall_back_or_fail(f, outcome::failure(holds.error()));
      return;
    }
    if (!*holds) {
      end(f, outcome::skipped());
      return;
    }
  }
  if (f.definition->timeout.count() > 0)
    f.timeout_timer = start_timer_for(f, timer_role::step_timeout, 0, f.definition->timeout.count());
  // A fan-out announces itself once it knows how many branches it has.
  if (!std::holds_alternative<parallel_step>(f.definition->body))
    publish_started(f, 0);
  run_body(f);
}

void engine::run_body(frame& f) {
  f.now = frame::phase::running;
  f.body = make_body(*f.definition);
  f.body->begin(*this, f);
}

void engine::body_ended(frame& f, outcome how) {
  if (f.ending || f.now != frame::phase::running)
    return;
  f.ending = std::make_unique<outcome>(std::move(how));
  work_.push_back({work_kind::ended, f.id});
}

void engine::settle(frame& f) {
  if (!f.ending)
    return;
  auto how = std::move(*f.ending);
  f.ending.reset();
  while (!f.children.empty())
    stop_tree(*f.children.back(), "no longer needed");
  if (how.success()) {
    end(f, std::move(how));
    return;
  }
  // An agent's retries are attempts of one task and the agent body's own business.
  const auto& retry = f.definition->retry;
  bool composite = !std::holds_alternative<agent_step>(f.definition->body);
  if (composite && retry && !how.escalated && how.how == outcome::status::failed) {
    if (auto wait = next_try(*retry, f.tries, how.why, how.retry_after_ms, true, random_for(f.id, f.tries))) {
      ++f.tries;
      f.body.reset();
      tell_in_vain(f);
      f.now = frame::phase::backing_off;
      f.retry_timer = start_timer_for(f, timer_role::step_retry, 0, *wait);
      return;
    }
  }
  fall_back_or_fail(f, std::move(how));
}

void engine::tell_in_vain(const frame& f) {
  for (const auto* at = &f; at->parent != nullptr; at = at->parent)
    if (at->turn) {
      if (at->parent->body)
        at->parent->body->tried_in_vain(at->slot, f.id);
      return;
    }
}

void engine::fall_back_or_fail(frame& f, outcome how) {
  stop_timer(f.timeout_timer);
  tell_in_vain(f);
  f.facts().error = std::make_shared<const json>(
      json{{"code", error_code_name(how.why.code)}, {"message", how.why.message}, {"step", path_of(f)}});
  f.facts().partial = std::make_shared<const json>(how.partial_results.value());
  if (f.definition->fallback && f.now != frame::phase::falling_back && how.how == outcome::status::failed) {
    f.now = frame::phase::falling_back;
    f.body.reset();
    f.ending = std::make_unique<outcome>(std::move(how));
    start_child(f, *f.definition->fallback, 0);
    return;
  }
  if (f.definition->on_error.then == error_policy::action::proceed && how.how == outcome::status::failed) {
    how.tolerated = true;
    how.partial = true;
    if (f.definition->on_error.output) {
      auto value = f.definition->on_error.output->evaluate_lazily(frame_scope{*this, f});
      if (value) {
        how.output = std::move(*value);
      } else {
        how.tolerated = false;
        how.why = value.error();
      }
    }
  }
  end(f, std::move(how));
}

void engine::end(frame& f, outcome how) {
  stop_timer(f.timeout_timer);
  stop_timer(f.retry_timer);
  f.now = frame::phase::ended;
  how.attempts = std::max(how.attempts, f.tries);
  if (f.parent != nullptr && publishes()) {
    auto update = new_update();
    auto* finished = update.mutable_step_finished();
    finished->set_step(path_of(f));
    finished->set_kind(f.definition->kind());
    finished->set_outcome(how.name());
    finished->set_partial(how.partial);
    if (!how.success())
      finished->set_error(describe(how.why));
    publish(std::move(update));
  }
  if (f.parent == nullptr) {
    if (how.success() && workflow_->output_schema) {
      auto faults = workflow_->output_schema->check(how.output.value());
      if (!faults.empty())
        how = outcome::failure({v1::ERROR_CODE_INVALID_OUTPUT,
                                "the output of the workflow does not fit its schema: " + faults.front(), false});
    }
    auto state = v1::RUN_STATE_SUCCEEDED;
    if (!how.success() && !how.tolerated)
      state = v1::RUN_STATE_FAILED;
    else if (how.partial)
      state = v1::RUN_STATE_PARTIAL;
    root_ = nullptr;
    finish(state, state == v1::RUN_STATE_FAILED ? std::string{} : how.output.text(), how.why);
    return;
  }
  auto& parent = *f.parent;
  if (parent.now == frame::phase::falling_back) {
    // The fallback has the last word; where it fails too, the first failure is the one to tell.
    auto first = std::move(parent.ending);
    dispose(f);
    if (how.success() || how.tolerated) {
      how.how = outcome::status::succeeded;
      end(parent, std::move(how));
    } else {
      first->why.message += "; the fallback failed too: " + describe(how.why);
      fall_back_or_fail(parent, std::move(*first));
    }
    return;
  }
  auto slot = f.slot;
  dispose(f);
  if (parent.body && !parent.ending)
    parent.body->child_ended(*this, parent, slot, std::move(how));
}

void engine::dispose(frame& f) {
  if (f.parent != nullptr) {
    auto& siblings = f.parent->children;
    siblings[f.position] = siblings.back();
    siblings[f.position]->position = f.position;
    siblings.pop_back();
  }
  frames_[f.id].reset();
}

void engine::stop_child(frame& child, const std::string& reason) {
  stop_tree(child, reason);
}

void engine::stop_tree(frame& f, const std::string& reason) {
  while (!f.children.empty())
    stop_tree(*f.children.back(), reason);
  stop_timer(f.timeout_timer);
  stop_timer(f.retry_timer);
  if (f.body)
    f.body->stop(*this, f, reason);
  f.now = frame::phase::ended;
  if (f.parent != nullptr && publishes()) {
    auto update = new_update();
    auto* finished = update.mutable_step_finished();
    finished->set_step(path_of(f));
    finished->set_kind(f.definition->kind());
    finished->set_outcome("cancelled");
    finished->set_error(reason);
    publish(std::move(update));
  }
  dispose(f);
}

void engine::step_timed_out(frame& f) {
  while (!f.children.empty())
    stop_tree(*f.children.back(), "the step ran out of time");
  stop_timer(f.retry_timer);
  if (f.body)
    f.body->stop(*this, f, "the step ran out of time");
  f.body.reset();
  f.ending.reset();
  auto seconds = static_cast<double>(f.definition->timeout.count()) / 1000;
  auto text = json(seconds).dump();
  fall_back_or_fail(f, outcome::failure({v1::ERROR_CODE_TIMED_OUT, "no result in " + text + " s", true}));
}

void engine::finish(v1::RunState state, std::string output, const error& why) {
  finished_ = true;
  for (auto& [id, timer] : timers_)
    out_->push_back(cancel_timer{id});
  timers_.clear();
  result_.state = state;
  result_.output = std::move(output);
  if (state == v1::RUN_STATE_FAILED || state == v1::RUN_STATE_CANCELLED)
    result_.error = why.to_proto();
  out_->push_back(result_);
}

} // namespace troupe

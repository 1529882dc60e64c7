#include "actors/run/coordinator.hpp"

#include "actors/fail_point/fail_point.hpp"
#include "actors/run/agent_call.hpp"
#include "actors/run/run_refusals.hpp"
#include "messages/errors.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/core/log_subject.hpp"
#include "runtime/core/trace_context.hpp"
#include "runtime/language/load.hpp"
#include "runtime/run/new_run.hpp"
#include "runtime/run/replay.hpp"
#include "runtime/run/run_id.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe {

coordinator_state::~coordinator_state() {
  for (auto& [id, run] : runs_)
    caf::anon_send_exit(run.handle, caf::exit_reason::user_shutdown);
}

void coordinator_state::start(pointer self, coordinator_config config, run_neighbours neighbours,
                              registry_actor registry, run_probe probe) {
  self_ = self;
  config_ = std::move(config);
  neighbours_ = std::move(neighbours);
  registry_ = std::move(registry);
  probe_ = std::move(probe);
  random_ = random_source{config_.seed};
}

// -- definitions ------------------------------------------------------------------------------------------------------

result<coordinator_state::compiled> coordinator_state::compile(const std::string& definition) {
  if (auto i = definitions_.find(definition); i != definitions_.end())
    return i->second;
  auto document = parse_payload(definition);
  if (!document)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the definition is not valid JSON: " + document.error().message);
  auto made = compile_workflow(*document);
  if (!made) {
    std::string text = "the workflow is not valid:";
    for (const auto& fault : made.error())
      text += "\n" + to_string(fault);
    return fail(v1::ERROR_CODE_INVALID_INPUT, std::move(text));
  }
  compiled out{*made, specs_of(**made)};
  definitions_.emplace(definition, out);
  definitions_by_age_.push_back(definition);
  if (definitions_by_age_.size() > config_.definitions_kept) {
    definitions_.erase(definitions_by_age_.front());
    definitions_by_age_.pop_front();
  }
  return out;
}

// -- submit -----------------------------------------------------------------------------------------------------------

caf::result<v1::RunAccepted> coordinator_state::submit(const v1::SubmitRun& request) {
  if (runs_.size() >= config_.most_runs)
    return to_caf({v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                   "this coordinator has " + std::to_string(runs_.size()) + " runs under way; try again later", true});
  if (!request.run_id().empty() && !valid_run_id(request.run_id()))
    return to_caf(
        {v1::ERROR_CODE_INVALID_INPUT, "a run id has 1 to 80 letters, digits, dashes, dots or underscores", false});
  auto definition = compile(request.definition());
  if (!definition)
    return to_caf(definition.error());
  auto input = parse_payload(request.input());
  if (!input)
    return to_caf({v1::ERROR_CODE_INVALID_INPUT, "the input is not valid JSON: " + input.error().message, false});
  if (definition->definition->input_schema) {
    auto faults = definition->definition->input_schema->check(*input);
    if (!faults.empty()) {
      std::string text = "the input does not fit the workflow's schema:";
      for (const auto& fault : faults)
        text += "\n  " + fault;
      return to_caf({v1::ERROR_CODE_INVALID_INPUT, std::move(text), false});
    }
  }

  auto now = neighbours_.time->wall_ms();
  run_origin origin;
  origin.run_id = request.run_id().empty() ? new_run_id(now, random_) : request.run_id();
  origin.owner = config_.owner;
  origin.now_ms = now;
  origin.seed = random_.next();
  // A run that comes without a trace begins one, so that its tasks have something in common.
  origin.traceparent = trace_id(request.traceparent()).empty() ? new_traceparent(random_) : request.traceparent();
  auto create = new_run(*definition->definition, request.input(), std::move(origin));

  fail_point("coordinator.submitted");
  auto promise = self_->make_response_promise<v1::RunAccepted>();
  run_start from{definition->definition,
                 definition->specs,
                 create.summary(),
                 {create.events().begin(), create.events().end()},
                 false};
  self_->request(neighbours_.journal, config_.journal_timeout, std::move(create))
      .then(
          [this, promise, from = std::move(from)](const v1::RunSummary& stored) mutable {
            v1::RunAccepted accepted;
            accepted.set_run_id(stored.run_id());
            // The same id a second time is the same run: nothing to launch while it is under way.
            auto ours = stored.owner() == config_.owner && stored.epoch() == 1
                        && stored.state() == v1::RUN_STATE_RUNNING && runs_.count(stored.run_id()) == 0;
            if (ours && stored.created_at_ms() == from.summary.created_at_ms()) {
              from.summary = stored;
              probe_->run_began();
              spdlog::info("{} coordinator began workflow {}",
                           about(stored.run_id(), from.events.front().run_submitted().traceparent()),
                           stored.workflow());
              launch(std::move(from), 0);
              fail_point("coordinator.launched");
            } else if (ours) {
              // An earlier try stored it, and we were told that it failed. What counts is what is stored, not what we
              // were about to store now.
              adopt(stored, 0, [](const error*) {});
            }
            promise.deliver(std::move(accepted));
          },
          [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

void coordinator_state::launch(run_start from, uint32_t restarts) {
  auto id = from.summary.run_id();
  auto handle = self_->spawn<caf::monitored>(run_coordinator, std::move(from), config_.run, neighbours_, *probe_);
  names_[handle.address()] = id;
  if (auto early = early_watchers_.extract(id))
    for (auto& waiting : early.mapped())
      watch_at(handle, waiting.request, waiting.watcher, waiting.promise);
  runs_[id] = {std::move(handle), restarts};
}

void coordinator_state::ended(const caf::down_msg& down) {
  auto known = names_.find(down.source);
  if (known == names_.end())
    return;
  auto id = known->second;
  names_.erase(known);
  auto restarts = runs_[id].restarts;
  runs_.erase(id);
  if (!down.reason)
    return;
  probe_->run_dropped();
  if (down.reason == ec::fenced || down.reason == ec::not_found || down.reason == caf::exit_reason::user_shutdown)
    return;
  if (restarts >= config_.most_restarts) {
    spdlog::error("{} run crashed {} times ({}); it is left alone until `troupe resume {}`", about(id, {}),
                  restarts + 1, caf::to_string(down.reason), id);
    return;
  }
  spdlog::warn("{} run crashed and is taken up again from its journal: {}", about(id, {}), caf::to_string(down.reason));
  ++takeovers_;
  v1::GetRun get;
  get.set_run_id(id);
  self_->request(neighbours_.journal, config_.journal_timeout, std::move(get))
      .then(
          [this, restarts](const v1::RunDetails& details) {
            adopt(details.summary(), restarts + 1, [this](const error*) { takeover_ended(); });
          },
          [this, id](const caf::error& why) {
            auto plain = from_caf(why);
            if (passes(plain.code))
              wait_for_journal(id, plain);
            else
              spdlog::error("{} run could not be read from the journal: {}", about(id, {}), plain.message);
            takeover_ended();
          });
}

// -- the rest ---------------------------------------------------------------------------------------------------------

caf::result<v1::RunSummary> coordinator_state::watch(const v1::WatchRun& request, const run_watcher_actor& watcher) {
  auto promise = self_->make_response_promise<v1::RunSummary>();
  if (auto active = runs_.find(request.run_id()); active != runs_.end())
    watch_at(active->second.handle, request, watcher, promise);
  else
    watch_stored(request, watcher, promise);
  return promise;
}

void coordinator_state::watch_at(const run_coordinator_actor& run, const v1::WatchRun& request,
                                 const run_watcher_actor& watcher, watch_promise promise) {
  self_->request(run, config_.journal_timeout, request, watcher)
      .then([promise](const v1::RunSummary& summary) mutable { promise.deliver(summary); },
            [this, promise, request, watcher](caf::error& why) mutable {
              // It has its watchers; else it has just ended, and the journal knows how.
              if (why == ec::resource_exhausted)
                promise.deliver(std::move(why));
              else
                watch_stored(request, watcher, promise);
            });
}

void coordinator_state::watch_stored(const v1::WatchRun& request, const run_watcher_actor& watcher,
                                     watch_promise promise) {
  v1::GetRun get;
  get.set_run_id(request.run_id());
  self_->request(neighbours_.journal, config_.journal_timeout, std::move(get))
      .then(
          [this, promise, watcher, request](const v1::RunDetails& details) mutable {
            const auto& summary = details.summary();
            if (summary.state() != v1::RUN_STATE_RUNNING) {
              auto past = replay_run(details);
              if (!past) {
                promise.deliver(to_caf(past.error()));
                return;
              }
              if (!request.only_the_end() && past->updates.size() <= config_.past_updates)
                for (auto& update : past->updates)
                  self_->send(watcher, std::move(update));
              self_->send(watcher, finished_update(summary, past->machine));
              promise.deliver(summary);
            } else if (auto i = runs_.find(request.run_id()); i != runs_.end()) {
              watch_at(i->second.handle, request, watcher, promise);
            } else if (takeovers_ > 0) {
              early_watchers_[request.run_id()].push_back({request, watcher, promise});
            } else {
              promise.deliver(not_here(request.run_id()));
            }
          },
          [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
}

caf::result<v1::Ack> coordinator_state::answer_question(const v1::AnswerQuestion& request) {
  auto i = runs_.find(request.run_id());
  if (i == runs_.end())
    return caf::make_error(ec::not_found, "no run " + request.run_id().substr(0, 64) + " is under way here");
  return self_->delegate(i->second.handle, request);
}

caf::result<v1::Ack> coordinator_state::cancel(const v1::CancelRun& request) {
  auto i = runs_.find(request.run_id());
  if (i != runs_.end())
    return self_->delegate(i->second.handle, request);
  auto promise = self_->make_response_promise<v1::Ack>();
  v1::GetRun get;
  get.set_run_id(request.run_id());
  self_->request(neighbours_.journal, config_.journal_timeout, std::move(get))
      .then(
          [promise](const v1::RunDetails& details) mutable {
            if (details.summary().state() == v1::RUN_STATE_RUNNING)
              promise.deliver(not_here(details.summary().run_id()));
            else
              promise.deliver(v1::Ack{});
          },
          [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

caf::result<v1::TaskResult> coordinator_state::invoke(const v1::InvokeAgent& request) {
  auto promise = self_->make_response_promise<v1::TaskResult>();
  // Whoever asks for an agent that nobody has is to know at once, and not when the dispatcher gives up.
  v1::FindAgents query;
  query.set_name(request.agent());
  query.set_capability(request.capability());
  self_->request(registry_, config_.registry_timeout, std::move(query))
      .then(
          [this, promise, request = v1::InvokeAgent{request}](const v1::AgentList& found) mutable {
            auto usable = std::find_if(found.agents().begin(), found.agents().end(),
                                       [](const auto& x) { return x.node_state() == v1::NODE_STATE_UP; });
            if (usable == found.agents().end()) {
              auto what = request.agent().empty() ? "with the capability " + request.capability() : request.agent();
              promise.deliver(to_caf({found.agents().empty() ? v1::ERROR_CODE_NOT_FOUND : v1::ERROR_CODE_UNAVAILABLE,
                                      "no node that is up offers an agent " + what + "; see troupe agents", true}));
              return;
            }
            request.set_agent(usable->agent().name());
            auto call = self_->spawn(agent_call, neighbours_.dispatcher,
                                     "call-" + config_.owner + "-" + std::to_string(++calls_));
            promise.delegate(call, request);
          },
          [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

coordinator_actor::behavior_type coordinator(coordinator_state::pointer self, coordinator_config config,
                                             run_neighbours neighbours, registry_actor registry, run_probe probe) {
  self->set_down_handler([self](const caf::down_msg& down) { self->state.ended(down); });
  auto journal = neighbours.journal;
  self->state.start(self, std::move(config), std::move(neighbours), std::move(registry), std::move(probe));
  return {
      [self](const v1::SubmitRun& request) { return self->state.submit(request); },
      [self, journal](const v1::GetRun& request) { return self->delegate(journal, request); },
      [self, journal](const v1::ListRuns& request) { return self->delegate(journal, request); },
      [self](const v1::CancelRun& request) { return self->state.cancel(request); },
      [self](const v1::AnswerQuestion& request) { return self->state.answer_question(request); },
      [self](const v1::ResumeRuns& request) { return self->state.resume(request); },
      [self](const v1::WatchRun& request, const run_watcher_actor& watcher) {
        return self->state.watch(request, watcher);
      },
      [self](const v1::ReadWorkspace& request) { return self->state.read_workspace(request); },
      [self](const v1::WatchWorkspace& request, const workspace_watcher_actor& watcher) {
        return self->state.watch_workspace(request, watcher);
      },
      [self](const v1::InvokeAgent& request) { return self->state.invoke(request); },
  };
}

} // namespace troupe

// Runs that somebody left: those of an earlier life of this node, of a dead coordinator, of a run coordinator that
// crashed.
#include "actors/fail_point/fail_point.hpp"
#include "actors/run/coordinator.hpp"
#include "actors/run/run_refusals.hpp"
#include "messages/errors.hpp"
#include "runtime/core/log_subject.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

namespace troupe {

void coordinator_state::adopt(const v1::RunSummary& stored, uint32_t restarts,
                              std::function<void(const error*)> ended) {
  // One takeover of a run at a time: the claim of a second one would fence the first, and neither would go on.
  const auto& run = stored.run_id();
  if (is_here(run)) {
    ended(nullptr);
    return;
  }
  adopting_.insert(run);
  auto then = [this, run, ended = std::move(ended)](const error* why) {
    adopting_.erase(run);
    if (why && passes(why->code))
      wait_for_journal(run, *why);
    else
      neighbours_.waits->end(run, neighbours_.time->steady_ms());
    ended(why);
  };
  v1::ClaimRun claim;
  claim.set_run_id(stored.run_id());
  claim.set_expected_epoch(stored.epoch());
  claim.set_owner(config_.owner);
  auto failed = [then](const caf::error& why) {
    auto plain = from_caf(why);
    then(&plain);
  };
  self_->request(neighbours_.journal, config_.journal_timeout, std::move(claim))
      .then(
          [this, restarts, then, failed](const v1::RunSummary& claimed) {
            fail_point("coordinator.claimed");
            v1::GetRun get;
            get.set_run_id(claimed.run_id());
            self_->request(neighbours_.journal, config_.journal_timeout, std::move(get))
                .then(
                    [this, restarts, then, epoch = claimed.epoch()](const v1::RunDetails& details) {
                      const auto& id = details.summary().run_id();
                      if (details.summary().epoch() != epoch) {
                        error taken{v1::ERROR_CODE_FENCED, "run " + id + " was taken up by somebody else", false};
                        then(&taken);
                        return;
                      }
                      // It ended after it was listed: an end changes no epoch, so the claim held.
                      if (details.summary().state() != v1::RUN_STATE_RUNNING) {
                        error over{v1::ERROR_CODE_NOT_FOUND, "run " + id + " has ended", false};
                        then(&over);
                        return;
                      }
                      auto definition = compile(details.definition());
                      if (!definition) {
                        then(&definition.error());
                        return;
                      }
                      run_start from{definition->definition,
                                     definition->specs,
                                     details.summary(),
                                     {details.events().begin(), details.events().end()},
                                     true};
                      probe_->run_began();
                      probe_->run_resumed();
                      spdlog::info(
                          "{} run goes on under epoch {}",
                          about(details.summary().run_id(),
                                details.events_size() > 0 ? details.events(0).run_submitted().traceparent() : ""),
                          details.summary().epoch());
                      launch(std::move(from), restarts);
                      then(nullptr);
                    },
                    failed);
          },
          failed);
}

bool coordinator_state::is_here(const std::string& run) const {
  return runs_.count(run) > 0 || adopting_.count(run) > 0;
}

caf::result<v1::RunList> coordinator_state::resume(const v1::ResumeRuns& request) {
  if (request.run_id().empty())
    resume_is_due_ = false;
  ++takeovers_;
  auto promise = self_->make_response_promise<v1::RunList>();
  v1::ListRuns list;
  list.set_unfinished_only(true);
  list.set_limit(static_cast<uint32_t>(config_.most_runs));
  self_->request(neighbours_.journal, config_.journal_timeout, std::move(list))
      .then(
          [this, promise, only = request.run_id()](const v1::RunList& unfinished) mutable {
            struct progress {
              v1::RunList taken;
              size_t open = 1;
              error last;
              bool failed = false;
            };
            auto state = std::make_shared<progress>();
            auto settle = [this, promise, state, only]() mutable {
              if (--state->open > 0)
                return;
              takeover_ended();
              if (!only.empty() && state->taken.runs_size() == 0) {
                auto why = state->failed ? state->last
                                         : error{v1::ERROR_CODE_NOT_FOUND, "there is no unfinished run " + only, false};
                promise.deliver(to_caf(why));
                return;
              }
              promise.deliver(std::move(state->taken));
            };
            for (const auto& run : unfinished.runs()) {
              if (only.empty() ? is_here(run.run_id()) : run.run_id() != only)
                continue;
              ++state->open;
              adopt(run, 0, [state, settle, run](const error* why) mutable {
                if (why == nullptr) {
                  *state->taken.add_runs() = run;
                } else {
                  state->failed = true;
                  state->last = *why;
                  // That of a store which fails has been said.
                  if (why->code != v1::ERROR_CODE_FENCED && !passes(why->code))
                    spdlog::error("{} run cannot go on: {}", about(run.run_id(), {}), why->message);
                }
                settle();
              });
            }
            settle();
          },
          [this, promise](caf::error& why) mutable {
            if (passes(from_caf(why).code))
              resume_later();
            takeover_ended();
            promise.deliver(std::move(why));
          });
  return promise;
}

void coordinator_state::wait_for_journal(const std::string& run, const error& why) {
  neighbours_.waits->begin(run, about(run, {}), why, neighbours_.time->steady_ms());
  resume_later();
}

void coordinator_state::resume_later() {
  // A store that fails for a moment must not leave runs alone until the next start.
  if (!std::exchange(resume_is_due_, true))
    caf::delayed_anon_send(coordinator_actor{self_}, config_.resume_retry, v1::ResumeRuns{});
}

void coordinator_state::takeover_ended() {
  if (--takeovers_ > 0)
    return;
  // Whoever still waits asked for a run that somebody else works on, or that could not go on.
  for (auto& [id, waiting] : std::exchange(early_watchers_, {}))
    for (auto& early : waiting)
      early.promise.deliver(not_here(id));
}

} // namespace troupe

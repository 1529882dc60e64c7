// Journal before use: what follows from an event leaves once the journal has it, but for what nobody outside can
// notice.
#include "actors/fail_point/fail_point.hpp"
#include "actors/run/run_coordinator.hpp"
#include "messages/errors.hpp"
#include "runtime/core/log_subject.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace troupe {

void run_coordinator_state::pump() {
  if (auto ahead = session_->take_ahead(); !ahead.empty())
    execute(std::move(ahead));
  if (!waits_for_store_) {
    while (append()) {
    }
  }
  arm_timer();
  if (session_->done() && last_word_) {
    for (const auto& watcher : watchers_)
      self_->send(watcher, *last_word_);
    for (const auto& waiter : waiters_)
      self_->send(waiter, *last_word_);
    self_->quit();
  }
}

bool run_coordinator_state::append() {
  auto next = session_->take_append();
  if (!next)
    return false;
  on_its_way_ = std::move(next);
  if (neighbours_.backlog) {
    if (auto news = neighbours_.backlog->add(on_its_way_))
      caf::anon_send(neighbours_.journal, *news);
    appended(session_->last_appended());
    return true;
  }
  self_->request(neighbours_.journal, config_.append_timeout, on_its_way_)
      .then(
          [this](const v1::EventsAppended& done) {
            appended(done.last_seq());
            pump();
          },
          [this](const caf::error& why) { append_failed(from_caf(why)); });
  return false;
}

void run_coordinator_state::appended(uint64_t last_seq) {
  auto commands = session_->appended(last_seq);
  if (std::exchange(waited_, false))
    neighbours_.waits->end(session_->summary().run_id(), neighbours_.time->steady_ms());
  if (!session_->appending() && on_its_way_)
    beginning_->add(std::exchange(on_its_way_, nullptr));
  // Before what follows from those events is told.
  tell_beginning();
  fail_point("run.durable");
  execute(std::move(commands));
  acknowledge();
}

void run_coordinator_state::append_failed(const error& why) {
  auto run = about(session_->summary().run_id(), traceparent_);
  if (why.code == v1::ERROR_CODE_FENCED || why.code == v1::ERROR_CODE_NOT_FOUND) {
    // Somebody else owns the run. What this life still had in mind must not leave it.
    spdlog::warn("{} run is owned by another coordinator now: {}", run, why.message);
    self_->quit(to_caf(why));
    return;
  }
  neighbours_.waits->begin(session_->summary().run_id(), run, why, neighbours_.time->steady_ms());
  session_->append_failed();
  waits_for_store_ = true;
  waited_ = true;
  self_->delayed_send(self_, config_.append_retry, store_retry_tick{});
}

void run_coordinator_state::retry_store() {
  waits_for_store_ = false;
  pump();
}

} // namespace troupe

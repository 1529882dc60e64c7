#include "runtime/run/session.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Bounds one append: a journal record batch must not grow with the width of a fan-out.
constexpr size_t most_events_per_append = 4'096;

} // namespace

run_session::run_session(workflow_ptr definition, v1::RunSummary summary, bool publish_updates)
    : machine_{definition, publish_updates}, ahead_{std::move(definition)}, summary_{std::move(summary)} {}

void run_session::absorb(std::vector<command>& commands, bool keep) {
  for (auto& next : commands) {
    if (auto* started = std::get_if<start_timer>(&next)) {
      timers_.emplace(started->timer, started->due_ms);
      timers_by_due_.emplace(started->due_ms, started->timer);
    } else if (auto* cancelled = std::get_if<cancel_timer>(&next)) {
      if (auto i = timers_.find(cancelled->timer); i != timers_.end()) {
        timers_by_due_.erase({i->second, i->first});
        timers_.erase(i);
      }
    } else if (auto* finished = std::get_if<finish_run>(&next)) {
      summary_.set_state(finished->state);
      summary_.set_finished_at_ms(last_event_ms_);
      if (finished->error.code() != v1::ERROR_CODE_UNSPECIFIED)
        summary_.set_error(finished->error.message());
      if (keep)
        held_.emplace_back(last_seq_, std::move(next));
    } else if (keep && last_seq_ > durable_seq_ && ahead_.lets(next)) {
      ready_.push_back(std::move(next));
    } else if (keep) {
      held_.emplace_back(last_seq_, std::move(next));
    }
  }
  commands.clear();
}

void run_session::replay(const v1::RunEvent& event) {
  ++last_seq_;
  durable_seq_ = last_seq_;
  last_event_ms_ = std::max(last_event_ms_, event.at_ms());
  if (event.has_timer_fired()) {
    if (auto i = timers_.find(event.timer_fired().timer()); i != timers_.end()) {
      timers_by_due_.erase({i->second, i->first});
      timers_.erase(i);
    }
  }
  machine_.step(event, scratch_);
  // The first event of a new run is replayed too (it was stored with the run), and its commands are still to be done;
  // those of a run that somebody else began have been done, or are repeated by `resume`.
  absorb(scratch_, last_seq_ == 1);
  ahead_.durable(machine_.tasks());
}

void run_session::begin(const v1::RunEvent& event, const std::function<void(std::vector<command>)>& release) {
  last_seq_ = durable_seq_ = 1;
  last_event_ms_ = event.at_ms();
  auto more = [&] {
    absorb(scratch_, true);
    release(take_held());
  };
  machine_.step(event, scratch_, more);
  // Where it ends the run at once, the store does not have the end yet.
  if (machine_.finished())
    absorb(scratch_, true);
  else
    more();
  ahead_.durable(machine_.tasks());
}

std::vector<command> run_session::take_held() {
  std::vector<command> out;
  while (!held_.empty() && held_.front().first <= durable_seq_) {
    out.push_back(std::move(held_.front().second));
    held_.pop_front();
  }
  return out;
}

void run_session::resume(int64_t now_ms) {
  if (machine_.finished()) {
    // Its first event ended it: only the end is left to be stored and told.
    std::erase_if(held_, [](const auto& x) { return !std::holds_alternative<finish_run>(x.second); });
    return;
  }
  held_.clear();
  v1::RunEvent event;
  event.mutable_run_resumed()->set_owner(summary_.owner());
  event.mutable_run_resumed()->set_epoch(summary_.epoch());
  event.mutable_run_resumed()->set_tasks_left_out(run_ahead::most_tasks);
  offer(std::move(event), now_ms);
}

int64_t run_session::run_time(int64_t now_ms) {
  latest_ms_ = std::max(latest_ms_, last_event_ms_);
  shift_ms_ = std::max(shift_ms_, latest_ms_ - now_ms);
  latest_ms_ = now_ms + shift_ms_;
  return latest_ms_;
}

bool run_session::offer(v1::RunEvent event, int64_t now_ms) {
  auto at_ms = run_time(now_ms);
  if (!machine_.accepts(event))
    return false;
  last_event_ms_ = at_ms;
  event.set_at_ms(at_ms);
  ++last_seq_;
  ahead_.offered(event);
  machine_.step(event, scratch_);
  absorb(scratch_, true);
  *pending_.Add() = std::move(event);
  return true;
}

void run_session::fire_timers(int64_t now_ms) {
  auto at_ms = run_time(now_ms);
  while (!timers_by_due_.empty() && timers_by_due_.begin()->first <= at_ms) {
    auto timer = timers_by_due_.begin()->second;
    timers_by_due_.erase(timers_by_due_.begin());
    timers_.erase(timer);
    v1::RunEvent event;
    event.mutable_timer_fired()->set_timer(timer);
    offer(std::move(event), now_ms);
  }
}

std::optional<int64_t> run_session::next_timer() const {
  if (timers_by_due_.empty())
    return std::nullopt;
  return timers_by_due_.begin()->first - shift_ms_;
}

std::shared_ptr<const v1::AppendEvents> run_session::take_append() {
  // The event that a run is created with may end it (all its steps are skipped, an input cannot be mapped): then the
  // store has the event, but not yet the end.
  auto only_the_end = pending_.empty() && machine_.finished() && !held_.empty();
  if (appending_ || (pending_.empty() && !append_ && !only_the_end))
    return nullptr;
  auto append = std::make_shared<v1::AppendEvents>();
  append->set_run_id(summary_.run_id());
  append->set_epoch(summary_.epoch());
  append->set_first_seq(durable_seq_ + 1);
  // One that failed is repeated.
  if (append_)
    *append->mutable_events() = append_->events();
  auto room = most_events_per_append - std::min(most_events_per_append, static_cast<size_t>(append->events_size()));
  auto count = static_cast<int>(std::min(static_cast<size_t>(pending_.size()), room));
  if (append->events_size() == 0 && count == pending_.size()) {
    append->mutable_events()->Swap(&pending_);
  } else if (count > 0) {
    std::vector<v1::RunEvent*> some(static_cast<size_t>(count));
    pending_.ExtractSubrange(0, count, some.data());
    for (auto* event : some)
      append->mutable_events()->AddAllocated(event);
  }
  if (machine_.finished() && pending_.empty())
    *append->mutable_summary() = summary_;
  if (pending_.empty())
    ahead_.appending(machine_.tasks());
  appending_ = true;
  append_ = std::move(append);
  return append_;
}

std::vector<command> run_session::appended(uint64_t last_seq) {
  if (append_) {
    auto end = durable_seq_ + static_cast<uint64_t>(append_->events_size());
    if (last_seq < end)
      return {};
    durable_seq_ = end;
    append_ = nullptr;
    appending_ = false;
    ahead_.appended();
  }
  return take_held();
}

result<team_place> run_session::show_workspace(const std::string& step) {
  auto shown = machine_.show_workspace(step);
  if (!shown)
    return tl::unexpected(shown.error());
  team_place out{shown->team, shown->step};
  held_.emplace_back(last_seq_, std::move(*shown));
  return out;
}

void run_session::append_failed() {
  appending_ = false;
  ahead_.append_failed();
}

bool run_session::done() const {
  return machine_.finished() && pending_.empty() && !append_ && held_.empty();
}

} // namespace troupe

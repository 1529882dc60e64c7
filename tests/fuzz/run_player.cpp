#include "tests/fuzz/run_player.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/run/new_run.hpp"

namespace troupe::fuzz {

run_player::run_player(workflow_ptr definition, std::string input)
    : definition_{std::move(definition)}, machine_{definition_} {
  offer(new_run(*definition_, input, {.run_id = "r1", .owner = {}, .now_ms = 0, .seed = 42, .traceparent = {}})
            .events(0));
}

bool run_player::offer(v1::RunEvent event) {
  if (!machine_.accepts(event))
    return false;
  event.set_at_ms(now_);
  std::vector<command> out;
  machine_.step(event, out);
  journal_.push_back(std::move(event));
  take(std::move(out));
  return true;
}

void run_player::take(std::vector<command> commands) {
  for (auto& next : commands) {
    if (auto* task = std::get_if<start_task>(&next))
      tasks_.push_back(*task->task);
    else if (auto* aggregation = std::get_if<start_aggregation>(&next))
      aggregations_.push_back(std::move(aggregation->request));
    else if (auto* timer = std::get_if<start_timer>(&next))
      timers_.push_back(timer->timer);
  }
}

void run_player::answer(const v1::Task& task, v1::TaskStatus status, std::string output) {
  v1::RunEvent event;
  auto* result = event.mutable_task_finished()->mutable_result();
  result->set_run_id(task.run_id());
  result->set_task(task.task());
  result->set_attempt(task.attempt());
  result->set_epoch(task.epoch());
  result->set_status(status);
  if (status == v1::TASK_STATUS_SUCCESS) {
    result->mutable_output()->set_data(std::move(output));
  } else {
    result->mutable_error()->set_code(v1::ERROR_CODE_AGENT_FAILED);
    result->mutable_error()->set_message(std::move(output));
    result->mutable_error()->set_retryable(task.attempt() % 2 == 1);
  }
  offer(std::move(event));
}

void run_player::chance(decisions& from) {
  const auto what = from.below(10);
  now_ += from.byte();
  if (what < 4 && !tasks_.empty()) {
    const auto i = from.below(tasks_.size());
    const auto task = tasks_[i];
    // Now and then an answer comes twice.
    if (from.below(8) > 0)
      tasks_.erase(tasks_.begin() + static_cast<std::ptrdiff_t>(i));
    answer(task, static_cast<v1::TaskStatus>(from.below(6)), std::string{from.take(from.below(24))});
  } else if (what < 5 && !aggregations_.empty()) {
    const auto request = aggregations_.front();
    aggregations_.pop_front();
    v1::Task task;
    task.set_task(request->task);
    task.set_attempt(request->attempt);
    task.set_epoch(request->epoch);
    const auto yielded = aggregate(*request);
    answer(task, yielded ? v1::TASK_STATUS_SUCCESS : v1::TASK_STATUS_FAILED,
           yielded ? print_json(*yielded) : yielded.error().message);
  } else if (what < 6 && !timers_.empty()) {
    v1::RunEvent event;
    event.mutable_timer_fired()->set_timer(timers_.front());
    timers_.pop_front();
    now_ += 60'000;
    offer(std::move(event));
  } else if (what < 7) {
    v1::RunEvent event;
    event.mutable_run_resumed()->set_owner("c2");
    event.mutable_run_resumed()->set_epoch(epoch_ + from.below(3));
    if (offer(event))
      epoch_ = event.run_resumed().epoch();
  } else if (what < 8) {
    v1::RunEvent event;
    event.mutable_task_lost()->set_task(from.byte());
    event.mutable_task_lost()->set_attempt(from.byte());
    offer(std::move(event));
  } else if (what < 9) {
    // A whole event of the stranger's own.
    v1::RunEvent event;
    if (event.ParseFromString(std::string{from.take(from.byte())}) && !event.has_run_cancel_requested())
      offer(std::move(event));
  } else if (from.byte() == 0xff) {
    v1::RunEvent event;
    event.mutable_run_cancel_requested()->set_reason("enough");
    offer(std::move(event));
  }
}

void run_player::work_off(size_t most) {
  for (size_t i = 0; i < most && !machine_.finished(); ++i) {
    if (!tasks_.empty()) {
      const auto task = tasks_.front();
      tasks_.pop_front();
      answer(task, v1::TASK_STATUS_SUCCESS, "1");
    } else if (!aggregations_.empty()) {
      const std::string bytes(1, '\x04');
      decisions one{bytes};
      chance(one);
    } else if (!timers_.empty()) {
      v1::RunEvent event;
      event.mutable_timer_fired()->set_timer(timers_.front());
      timers_.pop_front();
      now_ += 60'000;
      offer(std::move(event));
    } else {
      break;
    }
  }
}

void run_player::check_replay() const {
  run_machine again{definition_, false};
  std::vector<command> out;
  for (const auto& event : journal_) {
    require(again.accepts(event), "what was accepted is accepted again");
    again.step(event, out);
    out.clear();
  }
  require(again.digest() == machine_.digest(), "a replayed run is in the same state");
  require(again.finished() == machine_.finished(), "a replayed run ends where it ended");
}

} // namespace troupe::fuzz

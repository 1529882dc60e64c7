#include "runtime/agents/process/process_core.hpp"

#include "runtime/agents/function/function_agent.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/agents/process/protocol.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Bytes of a line that the log shows.
constexpr size_t max_excerpt = 200;

/// A line that is so many times longer than the bound will not end any more.
constexpr size_t endless_lines = 8;

} // namespace

void process_core::submit(v1::Task task, int64_t now) {
  open_task x;
  if (task.timeout_ms() > 0)
    x.deadline = now + task.timeout_ms();
  x.task = std::move(task);
  if (rests_long(now))
    return refuse(x, now);
  waiting_.push_back(std::move(x));
  if (state_ == state::down)
    spawn();
  else
    feed();
}

void process_core::cancel(const v1::CancelTask& x, int64_t) {
  auto reason = x.reason().empty() ? std::string{"cancelled"} : x.reason();
  auto is_it = [&](const open_task& y) {
    return y.task.task() == x.task() && y.task.attempt() == x.attempt() && y.task.run_id() == x.run_id();
  };
  if (auto i = std::find_if(waiting_.begin(), waiting_.end(), is_it); i != waiting_.end()) {
    auto gone = std::move(*i);
    waiting_.erase(i);
    answer_error(gone, v1::ERROR_CODE_CANCELLED, reason, false);
    return;
  }
  auto id = wire_id(x.run_id(), x.task());
  if (auto i = open_.find(id); i != open_.end() && is_it(i->second))
    drop(id, v1::ERROR_CODE_CANCELLED, reason, false);
}

void process_core::started(int64_t) {
  if (state_ != state::starting)
    return;
  state_ = state::up;
  lines_ = line_splitter{limits_.max_line};
  feed();
}

void process_core::failed(const std::string& why, int64_t now) {
  if (state_ != state::starting)
    return;
  ++counters_.deaths;
  // Nobody knows whether that heals: those who wait hear of it.
  for (auto& x : std::exchange(waiting_, {}))
    answer_error(x, v1::ERROR_CODE_UNAVAILABLE, "the process cannot be started: " + why, true);
  rest("a failure to start: " + why, now);
}

void process_core::rest(const std::string& how, int64_t now) {
  last_end_ = how;
  state_ = state::resting;
  backoff_ms_ = std::clamp<int64_t>(backoff_ms_ * 2, limits_.first_backoff.count(), limits_.max_backoff.count());
  rest_until_ = now + backoff_ms_;
  if (rests_long(now))
    for (auto& x : std::exchange(waiting_, {}))
      refuse(x, now);
}

bool process_core::rests_long(int64_t now) const {
  return state_ == state::resting && rest_until_ - now > limits_.patience.count();
}

void process_core::refuse(open_task& x, int64_t now) {
  auto left = rest_until_ - now;
  auto out = failed_result(x.task, {v1::ERROR_CODE_UNAVAILABLE,
                                    "the process has ended again and again, last with " + last_end_
                                        + "; it is started again in " + std::to_string(left) + " ms",
                                    true});
  out.mutable_error()->set_retry_after_ms(static_cast<uint32_t>(left));
  actions_.push_back(process_action::answer{std::move(out)});
}

std::string process_core::strange_words() const {
  if (strange_lines_ == 0)
    return {};
  auto lines = strange_lines_ == 1 ? std::string{"a line that is no answer"}
                                   : std::to_string(strange_lines_) + " lines that are no answers, the last";
  return "; it wrote " + lines + ": " + last_strange_line_;
}

void process_core::output(std::string_view bytes, int64_t now) {
  if (state_ != state::up)
    return;
  now_ = now;
  lines_.feed(
      bytes, [this](std::string_view line) { take_line(line); }, [this] { too_long(); });
  if (state_ == state::up && lines_.skipped() / endless_lines >= limits_.max_line) {
    complain("writes a line without end");
    fail_open(v1::ERROR_CODE_AGENT_CRASHED, "agent crashed: it wrote a line without end");
    end_process();
  }
  feed();
}

void process_core::operated(const std::string& task_id, const std::string& tag, const v1::OpAnswer& answer) {
  if (state_ != state::up)
    return;
  // A later attempt of the same task has begun to count anew.
  if (auto i = open_.find(task_id);
      i != open_.end() && answer.attempt() != 0 && answer.attempt() != i->second.task.attempt())
    return;
  actions_.push_back(process_action::write{encode_operation_answer(task_id, tag, answer)});
}

void process_core::broken(const std::string& what, int64_t) {
  if (state_ != state::up)
    return;
  fail_open(v1::ERROR_CODE_AGENT_CRASHED, "agent crashed: the process " + what);
  end_process();
}

void process_core::exited(const std::string& how, int64_t now) {
  if (state_ == state::ending) {
    // We wanted that: no reason to wait.
    state_ = state::down;
    spawn();
    return;
  }
  if (state_ != state::up)
    return;
  ++counters_.deaths;
  fail_open(v1::ERROR_CODE_AGENT_CRASHED, "agent crashed: the process ended with " + how + strange_words());
  rest(how, now);
  actions_.push_back(
      process_action::log{"ended with " + how + ", starts again in " + std::to_string(backoff_ms_) + " ms"});
}

std::optional<int64_t> process_core::next_deadline() const {
  std::optional<int64_t> out;
  auto consider = [&](int64_t at) {
    if (at > 0 && (!out || at < *out))
      out = at;
  };
  if (state_ == state::resting)
    consider(std::max<int64_t>(1, rest_until_));
  for (auto& entry : open_)
    consider(entry.second.deadline);
  for (auto& x : waiting_)
    consider(x.deadline);
  return out;
}

void process_core::tick(int64_t now) {
  auto overdue = [&](const open_task& x) { return x.deadline > 0 && x.deadline <= now; };
  auto message = [&](const open_task& x) {
    return "agent \"" + agent_ + "\" did not answer within " + std::to_string(x.task.timeout_ms()) + " ms";
  };
  auto strange = strange_words();
  for (auto i = waiting_.begin(); i != waiting_.end();) {
    if (!overdue(*i)) {
      ++i;
      continue;
    }
    auto gone = std::move(*i);
    i = waiting_.erase(i);
    answer_error(gone, v1::ERROR_CODE_TIMED_OUT, message(gone), true);
  }
  // All that are due at once, so that none of them counts as a bystander.
  std::vector<std::string> due;
  for (auto& entry : open_)
    if (overdue(entry.second))
      due.push_back(entry.first);
  for (size_t k = 0; k < due.size(); ++k) {
    auto x = std::move(open_.at(due[k]));
    auto why = message(x) + strange;
    if (k + 1 < due.size()) {
      open_.erase(due[k]);
      answer_error(x, v1::ERROR_CODE_TIMED_OUT, why, true);
    } else {
      open_.at(due[k]) = std::move(x);
      drop(due[k], v1::ERROR_CODE_TIMED_OUT, why, true);
    }
  }
  if (state_ == state::resting && now >= rest_until_) {
    state_ = state::down;
    spawn();
  }
}

std::vector<process_action::any> process_core::take_actions() {
  return std::exchange(actions_, {});
}

void process_core::spawn() {
  state_ = state::starting;
  strange_lines_ = 0;
  actions_.push_back(process_action::spawn{});
}

void process_core::feed() {
  while (state_ == state::up && !waiting_.empty() && open_.size() < limits_.concurrency) {
    auto x = std::move(waiting_.front());
    waiting_.pop_front();
    auto line = encode_request(x.task);
    if (!line) {
      answer_error(x, line.error().code, "agent \"" + agent_ + "\": " + line.error().message, false);
      continue;
    }
    auto id = wire_id(x.task.run_id(), x.task.task());
    // A newer attempt: the process cannot tell the two apart, so only one may be open.
    if (auto i = open_.find(id); i != open_.end()) {
      waiting_.push_front(std::move(x));
      drop(id, v1::ERROR_CODE_CANCELLED, "superseded by a newer attempt", false);
      return;
    }
    x.task.clear_input();
    open_.emplace(std::move(id), std::move(x));
    actions_.push_back(process_action::write{std::move(*line)});
  }
}

void process_core::take_line(std::string_view line) {
  // The rest of a batch of output behind a line that ended the process.
  if (state_ != state::up)
    return;
  auto parsed = parse_line(line);
  if (auto* bad = std::get_if<process_garbage>(&parsed)) {
    ++counters_.garbage_lines;
    return strange(bad->why, line);
  }
  if (auto* news = std::get_if<process_progress>(&parsed)) {
    auto i = open_.find(news->task_id);
    if (i == open_.end()) {
      ++counters_.unknown_tasks;
      return;
    }
    v1::TaskProgress out;
    out.set_run_id(i->second.task.run_id());
    out.set_task(i->second.task.task());
    out.set_attempt(i->second.task.attempt());
    out.set_fraction(news->fraction);
    out.set_note(news->note);
    actions_.push_back(process_action::progress{std::move(out)});
    return;
  }
  if (auto* wish = std::get_if<process_operation>(&parsed)) {
    auto i = open_.find(wish->task_id);
    v1::OpAnswer refused;
    if (i == open_.end()) {
      ++counters_.unknown_tasks;
      // The program may wait for an answer.
      *refused.mutable_error() =
          error{v1::ERROR_CODE_CANCELLED, "this task has ended: nothing more can be done in it", false}.to_proto();
      operated(wish->task_id, wish->tag, refused);
      return;
    }
    auto& task = i->second.task;
    if (!task.has_turn())
      *refused.mutable_error() =
          error{v1::ERROR_CODE_FORBIDDEN, "this task is no turn of a team: there is nobody to ask and nothing to put",
                false}
              .to_proto();
    else if (!wish->op)
      *refused.mutable_error() = wish->op.error().to_proto();
    if (refused.has_error()) {
      operated(wish->task_id, wish->tag, refused);
      return;
    }
    wish->op->set_run_id(task.run_id());
    wish->op->set_task(task.task());
    wish->op->set_attempt(task.attempt());
    wish->op->set_epoch(task.epoch());
    wish->op->set_number(++i->second.operations);
    actions_.push_back(process_action::operate{wish->task_id, wish->tag, std::move(*wish->op)});
    return;
  }
  auto& said = std::get<process_answer>(parsed);
  auto i = open_.find(said.task_id);
  if (i == open_.end()) {
    ++counters_.unknown_tasks;
    return strange("it has no task of that task_id", line);
  }
  auto x = std::move(i->second);
  open_.erase(i);
  backoff_ms_ = 0;
  strange_lines_ = 0;
  answer(x, std::move(said.result));
}

void process_core::too_long() {
  if (state_ != state::up)
    return;
  ++counters_.long_lines;
  auto message = "a line of output is longer than " + std::to_string(limits_.max_line) + " bytes";
  complain("wrote " + message);
  if (open_.empty())
    return;
  // With one task open it can only be the answer to that; with several nobody knows whose.
  if (open_.size() == 1) {
    auto x = std::move(open_.begin()->second);
    open_.clear();
    answer_error(x, v1::ERROR_CODE_RESOURCE_EXHAUSTED, message, false);
    return;
  }
  fail_open(v1::ERROR_CODE_AGENT_CRASHED, "agent crashed: " + message);
  end_process();
}

void process_core::end_process() {
  state_ = state::ending;
  actions_.push_back(process_action::terminate{});
}

void process_core::drop(const std::string& id, v1::ErrorCode code, const std::string& message, bool retryable) {
  auto i = open_.find(id);
  auto x = std::move(i->second);
  open_.erase(i);
  answer_error(x, code, message, retryable);
  // The others have done nothing wrong: they are given back, which costs them no try.
  fail_open(v1::ERROR_CODE_CANCELLED,
            "the process was ended because task " + id + " was " + (retryable ? "too slow" : "cancelled"));
  end_process();
}

void process_core::answer(open_task& x, v1::TaskResult&& result) {
  auto out = result_for(x.task);
  result.set_run_id(out.run_id());
  result.set_task(out.task());
  result.set_attempt(out.attempt());
  result.set_epoch(out.epoch());
  actions_.push_back(process_action::answer{std::move(result)});
}

void process_core::answer_error(open_task& x, v1::ErrorCode code, std::string message, bool retryable) {
  actions_.push_back(process_action::answer{failed_result(x.task, {code, std::move(message), retryable})});
}

void process_core::fail_open(v1::ErrorCode code, const std::string& message) {
  for (auto& entry : std::exchange(open_, {}))
    answer_error(entry.second, code, message, true);
}

void process_core::strange(std::string_view why, std::string_view line) {
  ++strange_lines_;
  last_strange_line_ = clean_text(line, max_excerpt) + " (" + std::string{why} + ")";
  complain("wrote a line that is no answer: " + last_strange_line_);
}

void process_core::complain(std::string text) {
  if (!complaints_.allow(now_))
    return;
  if (auto n = complaints_.take_suppressed())
    text += " (" + std::to_string(n) + " complaints before it are left out)";
  actions_.push_back(process_action::log{std::move(text)});
}

} // namespace troupe

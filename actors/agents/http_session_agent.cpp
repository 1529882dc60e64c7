#include "actors/agents/http_session_agent.hpp"

#include "messages/errors.hpp"

#include <caf/actor_cast.hpp>
#include <caf/result.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using self_ptr = http_session_agent_actor::stateful_pointer<http_session_agent_state>;
using state_type = http_session_agent_state;
using work_iterator = std::map<state_type::task_key, state_type::work>::iterator;

template <class T>
state_type::task_key key_of(const T& x) {
  return {x.run_id(), x.task(), x.attempt()};
}

void address(v1::TaskResult& result, const v1::Task& task) {
  result.set_run_id(task.run_id());
  result.set_task(task.task());
  result.set_attempt(task.attempt());
  result.set_epoch(task.epoch());
}

v1::TaskResult refused(const v1::Task& task) {
  v1::TaskResult out;
  address(out, task);
  out.set_status(v1::TASK_STATUS_REJECTED);
  *out.mutable_error() = error{v1::ERROR_CODE_ALREADY_EXISTS, "this attempt runs here already", false}.to_proto();
  return out;
}

/// Callbacks run on the transport's threads and may outlive the actor, which they therefore hold weakly.
http_callbacks callbacks_to(self_ptr self, uint64_t exchange) {
  auto tell = [target = caf::actor_cast<caf::weak_actor_ptr>(self->ctrl()), exchange](http_event event) {
    if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(target))
      caf::anon_send(caf::actor_cast<caf::actor>(strong), http_exchange_event{exchange, std::move(event)});
  };
  return {[tell](const http_response& head) {
            tell(http_head{head.status, head.headers});
          },
          [tell](std::string_view bytes) { tell(http_body_part{std::string{bytes}}); },
          [tell](result<http_response> done) {
            if (done)
              tell(std::move(*done));
            else
              tell(std::move(done.error()));
          }};
}

void close_exchange(state_type& state, state_type::work& x) {
  state.exchanges.erase(x.exchange);
  x.exchange = 0;
}

void end(self_ptr self, work_iterator i, v1::TaskResult result) {
  auto& state = self->state;
  auto done = std::move(i->second);
  state.works.erase(i);
  if (done.exchange != 0) {
    close_exchange(state, done);
    state.config.transport->cancel(done.transfer);
  }
  address(result, done.task);
  done.promise.deliver(std::move(result));
}

void send_request(self_ptr self, work_iterator i, http_request request) {
  auto& state = self->state;
  auto& x = i->second;
  auto left = x.deadline_ms - state.config.time->steady_ms();
  if (left <= 0) {
    auto why = error{v1::ERROR_CODE_TIMED_OUT, "the time for the task is over", true};
    end(self, i, failed_result(why.to_proto()));
    return;
  }
  request.timeout = milliseconds{left};
  x.exchange = ++state.last_exchange;
  state.exchanges.emplace(x.exchange, i->first);
  x.transfer = state.config.transport->submit(std::move(request), callbacks_to(self, x.exchange));
}

void step(self_ptr self, work_iterator i, const http_event& event);

void operate(self_ptr self, work_iterator i, v1::TaskOp op) {
  auto& state = self->state;
  auto& x = i->second;
  op.set_run_id(x.task.run_id());
  op.set_task(x.task.task());
  op.set_attempt(x.task.attempt());
  op.set_epoch(x.task.epoch());
  op.set_number(++x.operations);
  auto answered = [self, key = i->first, number = x.operations](const v1::OpAnswer& answer) {
    auto found = self->state.works.find(key);
    // A task that has ended meanwhile has nobody who would listen.
    if (found != self->state.works.end() && found->second.operations == number)
      step(self, found, answer);
  };
  auto refused = [answered](const error& why) {
    v1::OpAnswer out;
    *out.mutable_error() = why.to_proto();
    answered(out);
  };
  auto left = x.deadline_ms - state.config.time->steady_ms();
  if (!state.config.operations)
    return refused({v1::ERROR_CODE_UNAVAILABLE, "this node has no host", false});
  self->request(state.config.operations, milliseconds{std::max<int64_t>(1, left)}, std::move(op))
      .then([answered](const v1::OpAnswer& answer) { answered(answer); },
            [refused](const caf::error& why) { refused(from_caf(why)); });
}

void step(self_ptr self, work_iterator i, const http_event& event) {
  auto action = i->second.session->step(event);
  if (auto* request = std::get_if<http_request>(&action))
    send_request(self, i, std::move(*request));
  else if (auto* op = std::get_if<v1::TaskOp>(&action))
    operate(self, i, std::move(*op));
  else if (auto* result = std::get_if<v1::TaskResult>(&action))
    end(self, i, std::move(*result));
}

void tell_progress(self_ptr self, state_type::work& x) {
  auto& config = self->state.config;
  auto now = config.time->steady_ms();
  if (!config.progress || now < x.progress_at_ms + config.progress_interval.count())
    return;
  auto note = x.session->progress();
  if (note.empty())
    return;
  x.progress_at_ms = now;
  v1::TaskProgress out;
  out.set_run_id(x.task.run_id());
  out.set_task(x.task.task());
  out.set_attempt(x.task.attempt());
  out.set_fraction(-1);
  out.set_note(std::move(note));
  self->send(config.progress, std::move(out));
}

void begin(self_ptr self, const v1::Task& task, caf::typed_response_promise<v1::TaskResult> promise) {
  auto& state = self->state;
  state_type::work x;
  x.session = state.config.make_session(task);
  x.promise = std::move(promise);
  x.task.set_run_id(task.run_id());
  x.task.set_task(task.task());
  x.task.set_attempt(task.attempt());
  x.task.set_epoch(task.epoch());
  auto bound = task.timeout_ms() > 0 ? milliseconds{task.timeout_ms()} : state.config.longest_task;
  auto now = state.config.time->steady_ms();
  x.deadline_ms = now + bound.count();
  x.progress_at_ms = now;
  auto i = state.works.emplace(key_of(task), std::move(x)).first;
  step(self, i, http_begin{});
}

} // namespace

http_session_agent_state::~http_session_agent_state() {
  for (auto& entry : works)
    if (entry.second.exchange != 0)
      config.transport->cancel(entry.second.transfer);
}

http_session_agent_actor::behavior_type http_session_agent(self_ptr self, http_session_agent_config config) {
  self->state.config = std::move(config);
  return {
      [self](const v1::Task& task) -> caf::result<v1::TaskResult> {
        if (self->state.works.count(key_of(task)) > 0)
          return refused(task);
        auto promise = self->make_response_promise<v1::TaskResult>();
        begin(self, task, promise);
        return promise;
      },
      [self](const v1::CancelTask& x) {
        auto i = self->state.works.find(key_of(x));
        if (i == self->state.works.end())
          return;
        auto why = error{v1::ERROR_CODE_CANCELLED, x.reason().empty() ? "the task was cancelled" : x.reason(), false};
        end(self, i, failed_result(why.to_proto()));
      },
      [self](const http_exchange_event& x) {
        auto& state = self->state;
        auto exchange = state.exchanges.find(x.exchange);
        if (exchange == state.exchanges.end())
          return;
        auto i = state.works.find(exchange->second);
        if (std::holds_alternative<http_response>(x.event) || std::holds_alternative<error>(x.event))
          close_exchange(state, i->second);
        step(self, i, x.event);
        if (state.exchanges.count(x.exchange) > 0)
          tell_progress(self, i->second);
      },
  };
}

} // namespace troupe

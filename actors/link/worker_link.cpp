#include "actors/link/worker_link.hpp"

#include "actors/fail_point/fail_point.hpp"
#include "messages/errors.hpp"

#include <caf/exit_reason.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr milliseconds tick_interval{1'000};

/// A drain is asked for by people; nobody needs many at once.
constexpr size_t most_drains = 64;

/// A node asks once per second. One that asks faster than it can be answered means no good.
constexpr size_t most_questions = 64;

/// Signs of progress that are passed on per second. They come a few times per second and task; what is left out is
/// overtaken by the next one.
constexpr size_t most_progress = 10'000;

/// Results that may come for tasks that nobody gave over this link, before it is cut.
constexpr uint64_t most_surplus = 1'000;

} // namespace

worker_link_state::~worker_link_state() {
  for (auto& [id, x] : drains_)
    x.promise.deliver(caf::make_error(ec::unavailable, "the link to the node is gone"));
  if (link_)
    link_->close({v1::ERROR_CODE_UNAVAILABLE, "the coordinator ends the link", true});
}

void worker_link_state::start(pointer self, worker_link_config config, link_ptr link, registry_actor registry,
                              std::shared_ptr<const clock> time) {
  self_ = self;
  config_ = config;
  link_ = std::move(link);
  registry_ = std::move(registry);
  time_ = std::move(time);
  last_sign_ = time_->steady_ms();
  self_->delayed_send(self_, tick_interval, link_tick{});
}

// -- to the worker ----------------------------------------------------------------------------------------------------

bool worker_link_state::check(send_status status) {
  if (status == send_status::full)
    end({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the node does not read fast enough", true});
  // `closed` is followed by link_lost.
  return status == send_status::sent;
}

template <class T>
void worker_link_state::send(uint64_t correlation, const T& body, bool urgent) {
  check(troupe::send(*link_, correlation, body, {.urgent = urgent, .more = !self_->mailbox().empty()}));
}

void worker_link_state::dispatch(const task_batch& batch, const result_sink_actor& sink) {
  sink_ = sink;
  owed_ += batch.tasks.size();
  send_tasks(wire_batch{batch}.message());
  fail_point("link.sent");
}

template <class T>
void worker_link_state::answered_question(uint64_t id, const T& body, bool urgent) {
  --questions_;
  if (!ending_)
    send(id, body, urgent);
}

void worker_link_state::send_tasks(const v1::TaskBatch& batch) {
  auto status = troupe::send(*link_, 0, batch, {.more = !self_->mailbox().empty()});
  if (status != send_status::too_large) {
    check(status);
    return;
  }
  if (batch.tasks_size() > 1) {
    // The definitions go with each half: which of them a task needs only the host knows.
    v1::TaskBatch halves[2];
    for (int i = 0; i < batch.tasks_size(); ++i)
      *halves[i < batch.tasks_size() / 2 ? 0 : 1].add_tasks() = batch.tasks(i);
    for (auto& half : halves) {
      *half.mutable_agents() = batch.agents();
      send_tasks(half);
    }
    return;
  }
  v1::ResultBatch refused;
  for (auto& task : batch.tasks()) {
    auto& x = *refused.add_results();
    x.set_run_id(task.run_id());
    x.set_task(task.task());
    x.set_attempt(task.attempt());
    x.set_epoch(task.epoch());
    x.set_status(v1::TASK_STATUS_FAILED);
    x.set_node(link_->peer().name());
    *x.mutable_error() =
        error{v1::ERROR_CODE_INVALID_INPUT, "the task is larger than a message between nodes may be", false}.to_proto();
  }
  self_->send(sink_, std::move(refused));
}

void worker_link_state::cancel(const v1::CancelBatch& batch) {
  send(0, batch);
}

void worker_link_state::answer(const v1::OpAnswerBatch& batch) {
  if (auto status = troupe::send(*link_, 0, batch, {.more = !self_->mailbox().empty()});
      status != send_status::too_large) {
    check(status);
    return;
  }
  // One by one; what is too large by itself becomes a refusal that fits.
  for (auto& x : batch.answers()) {
    v1::OpAnswerBatch one;
    *one.add_answers() = x;
    if (auto status = troupe::send(*link_, 0, one); status != send_status::too_large) {
      if (!check(status))
        return;
      continue;
    }
    auto& refused = *one.mutable_answers(0);
    refused.clear_value();
    *refused.mutable_error() =
        error{v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the answer is larger than a message between nodes may be", false}
            .to_proto();
    send(0, one);
  }
}

caf::typed_response_promise<v1::Ack> worker_link_state::drain(const v1::DrainNode& x) {
  auto promise = self_->make_response_promise<v1::Ack>();
  if (drains_.size() >= most_drains) {
    promise.deliver(caf::make_error(ec::resource_exhausted, "the node is being drained already"));
    return promise;
  }
  auto head = envelope_head(*link_);
  head.set_timeout_ms(static_cast<uint32_t>(config_.drain_timeout.count()));
  drains_[head.id()] = {promise, time_->steady_ms() + config_.drain_timeout.count()};
  check(troupe::send(*link_, head, x));
  return promise;
}

// -- from the worker --------------------------------------------------------------------------------------------------

void worker_link_state::take(link_batch& batch) {
  last_sign_ = time_->steady_ms();
  for (auto& message : batch.messages)
    if (!ending_)
      take(message);
}

void worker_link_state::take(v1::Envelope& message) {
  if (auto ok = check_recipient(message, link_->own_boot_id()); !ok)
    return refuse(message, ok.error());
  switch (message.body_case()) {
  case v1::Envelope::kResultBatch:
    return take_results(message);
  case v1::Envelope::kProgressBatch:
    progress_ += static_cast<size_t>(message.progress_batch().progress_size());
    if (sink_ && progress_ <= most_progress)
      self_->send(sink_, std::move(*message.mutable_progress_batch()));
    return;
  case v1::Envelope::kOpBatch:
    if (sink_)
      self_->send(sink_, std::move(*message.mutable_op_batch()));
    return;
  case v1::Envelope::kHeartbeat:
    return beat(message);
  case v1::Envelope::kJoinCluster:
    return join(message);
  case v1::Envelope::kLeaveCluster:
    return leave(message);
  case v1::Envelope::kAck:
  case v1::Envelope::kError:
    return answered(message);
  default:
    refuse(message, {v1::ERROR_CODE_INVALID_INPUT, "a worker has no business with such a message", false});
  }
}

void worker_link_state::take_results(v1::Envelope& message) {
  auto& batch = *message.mutable_result_batch();
  auto count = static_cast<uint64_t>(batch.results_size());
  auto due = std::min(owed_, count);
  owed_ -= due;
  surplus_ += count - due;
  if (surplus_ > most_surplus)
    return end({v1::ERROR_CODE_FORBIDDEN, "the node sends results for tasks that it was never given", false});
  // Before the first task nobody is owed a result.
  if (!sink_)
    return;
  for (auto& x : *batch.mutable_results())
    x.set_node(link_->peer().name());
  self_->send(sink_, std::move(batch));
}

bool worker_link_state::begin_question() {
  if (questions_ >= most_questions) {
    end({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the node asks faster than it can be answered", true});
    return false;
  }
  ++questions_;
  return true;
}

bool worker_link_state::is_peer(const std::string& node, const std::string& boot_id) const {
  return node == link_->peer().name() && boot_id == link_->peer().boot_id();
}

void worker_link_state::refuse(const v1::Envelope& message, error why) {
  // An error that answers nothing would end the link; an answer to an answer helps nobody.
  if (message.id() != 0 && message.correlation() == 0)
    send(message.id(), why.to_proto());
}

void worker_link_state::join(v1::Envelope& message) {
  auto& node = message.join_cluster().node();
  if (!is_peer(node.name(), node.boot_id()))
    return refuse(message,
                  {v1::ERROR_CODE_FORBIDDEN, "a node joins under the name that it introduced itself with", false});
  if (!begin_question())
    return;
  auto id = message.id();
  self_
      ->request(registry_, config_.registry_timeout, std::move(*message.mutable_join_cluster()),
                caf::actor_cast<agent_host_actor>(self_))
      .then([this, id](const v1::JoinedCluster& x) { answered_question(id, x); },
            [this, id](const caf::error& why) { answered_question(id, from_caf(why).to_proto()); });
}

void worker_link_state::beat(const v1::Envelope& message) {
  if (!is_peer(message.heartbeat().node(), message.heartbeat().boot_id()))
    return refuse(message, {v1::ERROR_CODE_FORBIDDEN, "a node beats for itself alone", false});
  if (!begin_question())
    return;
  auto id = message.id();
  self_->request(registry_, config_.registry_timeout, message.heartbeat())
      .then([this, id](const v1::HeartbeatAck& x) { answered_question(id, x, true); },
            [this, id](const caf::error& why) { answered_question(id, from_caf(why).to_proto(), true); });
}

void worker_link_state::leave(const v1::Envelope& message) {
  if (!is_peer(message.leave_cluster().node(), message.leave_cluster().boot_id()))
    return refuse(message, {v1::ERROR_CODE_FORBIDDEN, "a node leaves for itself alone", false});
  if (!begin_question())
    return;
  auto id = message.id();
  self_->request(registry_, config_.registry_timeout, message.leave_cluster())
      .then([this, id](const v1::Ack& x) { answered_question(id, x); },
            [this, id](const caf::error& why) { answered_question(id, from_caf(why).to_proto()); });
}

void worker_link_state::answered(const v1::Envelope& message) {
  auto i = drains_.find(message.correlation());
  if (i == drains_.end())
    return;
  auto promise = std::move(i->second.promise);
  drains_.erase(i);
  if (message.has_error())
    promise.deliver(to_caf({message.error().code(), message.error().message(), message.error().retryable()}));
  else
    promise.deliver(v1::Ack{});
}

// -- time and the end -------------------------------------------------------------------------------------------------

void worker_link_state::tick() {
  auto now = time_->steady_ms();
  progress_ = 0;
  for (auto i = drains_.begin(); i != drains_.end();) {
    if (i->second.due > now) {
      ++i;
      continue;
    }
    i->second.promise.deliver(caf::make_error(ec::timed_out, "the node did not finish its tasks in time"));
    i = drains_.erase(i);
  }
  if (now - last_sign_ >= config_.idle.count())
    return end({v1::ERROR_CODE_TIMED_OUT, "the node was silent for " + std::to_string(now - last_sign_) + " ms", true});
  self_->delayed_send(self_, tick_interval, link_tick{});
}

void worker_link_state::lost(const error& reason) {
  spdlog::debug("link to node {} ended: {}", link_->peer().name(), reason.message);
  self_->quit(caf::exit_reason::remote_link_unreachable);
}

void worker_link_state::end(error reason) {
  if (std::exchange(ending_, true))
    return;
  spdlog::warn("coordinator cuts off node {}: {}", link_->peer().name(), reason.message);
  link_->close(std::move(reason));
  self_->quit(caf::exit_reason::remote_link_unreachable);
}

worker_link_self_actor::behavior_type worker_link(worker_link_state::pointer self, worker_link_config config,
                                                  link_ptr link, registry_actor registry,
                                                  std::shared_ptr<const clock> time) {
  self->state.start(self, config, std::move(link), std::move(registry), std::move(time));
  return {
      [self](const task_batch& x, const result_sink_actor& sink) { self->state.dispatch(x, sink); },
      [self](const v1::CancelBatch& x) { self->state.cancel(x); },
      [self](const v1::OpAnswerBatch& x) { self->state.answer(x); },
      [self](const v1::DrainNode& x) { return self->state.drain(x); },
      [self](const link_messages& x) { self->state.take(*x.batch); },
      [self](const link_lost& x) { self->state.lost(x.reason); },
      [self](link_tick) { self->state.tick(); },
  };
}

} // namespace troupe

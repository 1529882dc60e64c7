#include "actors/link/cluster_link.hpp"

#include "actors/fail_point/fail_point.hpp"
#include "messages/errors.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe {

namespace {

/// How often time is looked at; bounds how late a fence or a heartbeat can be.
constexpr milliseconds tick_interval{200};

/// What a coordinator may ask for; anything else is a mistake of its.
constexpr milliseconds shortest_heartbeat{50};
constexpr milliseconds shortest_fence{200};
constexpr milliseconds longest_fence{600'000};

error gone(std::string why) {
  return {v1::ERROR_CODE_UNAVAILABLE, std::move(why), true};
}

} // namespace

size_t task_key_hash::operator()(const task_key& x) const {
  return std::hash<std::string>{}(x.run_id) ^ (size_t{x.task} * 0x9e3779b97f4a7c15ULL + x.attempt);
}

cluster_link_state::~cluster_link_state() {
  for (auto& x : leaving_)
    x.deliver(v1::Ack{});
  if (!self_)
    return;
  cancel_everything("the link to the coordinator ended");
  if (stage_ == stage::member || stage_ == stage::leaving)
    probe_->ceased_to_be_member();
  if (link_)
    link_->close(gone("the node ends the link"));
}

void cluster_link_state::start(pointer self, cluster_link_config config, std::shared_ptr<link_connector> connector,
                               agent_host_actor host, std::shared_ptr<const clock> time, cluster_link_probe probe) {
  self_ = self;
  config_ = std::move(config);
  connector_ = std::move(connector);
  host_ = std::move(host);
  time_ = std::move(time);
  probe_ = std::move(probe);
  backoff_.emplace(config_.seed);
  connect();
  self_->delayed_send(self_, tick_interval, link_tick{});
}

// -- joining ----------------------------------------------------------------------------------------------------------

void cluster_link_state::connect() {
  stage_ = stage::connecting;
  auto round = ++round_;
  auto me = caf::actor_cast<cluster_link_self_actor>(self_);
  connector_->connect(config_.coordinator, config_.connect_timeout,
                      [me, round](result<link_ptr> link) -> link_receiver {
                        if (!link) {
                          caf::anon_send(me, link_lost{round, link.error()});
                          return {};
                        }
                        caf::anon_send(me, link_opened{round, *link});
                        return {[me, round](link_batch_ptr batch) {
                                  caf::anon_send(me, link_messages{round, std::move(batch)});
                                },
                                [me, round](const error& reason) {
                                  caf::anon_send(me, link_lost{round, reason});
                                }};
                      });
}

void cluster_link_state::opened(const link_opened& x) {
  if (x.round != round_ || stage_ != stage::connecting) {
    x.link->close(gone("the node has changed its mind"));
    return;
  }
  link_ = x.link;
  stage_ = stage::joining;
  due_ = now() + config_.connect_timeout.count();
  join_sent_ = now();
  v1::JoinCluster join;
  *join.mutable_node() = config_.node;
  auto head = envelope_head(*link_);
  join_id_ = head.id();
  troupe::send(*link_, head, join);
}

void cluster_link_state::joined(const v1::JoinedCluster& x) {
  if (stage_ != stage::joining)
    return;
  stage_ = stage::member;
  coordinator_name_ = x.coordinator_name();
  heartbeat_ = std::clamp(milliseconds{x.heartbeat_ms()}, shortest_heartbeat, longest_fence);
  fence_.emplace(std::clamp(milliseconds{x.fence_ms()}, shortest_fence, longest_fence), join_sent_);
  beats_ = 0;
  next_beat_ = now();
  probe_->became_member();
  complained_ = false;
  spdlog::info("node {} joined coordinator {} at {}", config_.node.name(), coordinator_name_,
               to_string(config_.coordinator));
  beat();
}

// -- from the link ----------------------------------------------------------------------------------------------------

void cluster_link_state::take(const link_messages& x) {
  if (x.round != round_ || !link_)
    return;
  for (auto& message : x.batch->messages)
    if (link_)
      take(message);
}

void cluster_link_state::take(v1::Envelope& message) {
  if (auto ok = check_recipient(message, link_->own_boot_id()); !ok) {
    if (message.correlation() == 0 && message.id() != 0)
      send(message.id(), ok.error().to_proto());
    return;
  }
  switch (message.body_case()) {
  case v1::Envelope::kTaskBatch:
    return run(*message.mutable_task_batch());
  case v1::Envelope::kCancelBatch:
    self_->send(host_, std::move(*message.mutable_cancel_batch()));
    return;
  case v1::Envelope::kOpAnswerBatch:
    self_->send(host_, std::move(*message.mutable_op_answer_batch()));
    return;
  case v1::Envelope::kHeartbeatAck:
    if (fence_)
      fence_->acknowledged(message.heartbeat_ack().seq());
    if (message.heartbeat_ack().seq() > 1)
      backoff_->reset(); // the connection has held for a while
    return;
  case v1::Envelope::kJoinedCluster:
    if (message.correlation() == join_id_)
      joined(message.joined_cluster());
    return;
  case v1::Envelope::kDrainNode:
    return drain_host(message);
  case v1::Envelope::kAck:
    if (stage_ == stage::leaving)
      finish();
    return;
  case v1::Envelope::kError:
    return answered_with_error(message);
  default:
    if (message.correlation() == 0 && message.id() != 0)
      send(message.id(),
           error{v1::ERROR_CODE_INVALID_INPUT, "a coordinator has no business with such a message", false}.to_proto());
  }
}

void cluster_link_state::answered_with_error(const v1::Envelope& message) {
  if (stage_ == stage::leaving)
    return finish();
  auto& x = message.error();
  // Late is not dead: the next heartbeat tries again, and the fence has the last word.
  if (stage_ == stage::member && x.code() == v1::ERROR_CODE_TIMED_OUT)
    return;
  if (stage_ == stage::member && x.code() == v1::ERROR_CODE_FENCED)
    probe_->fenced();
  start_over({x.code(), x.message(), x.retryable()});
}

void cluster_link_state::run(v1::TaskBatch& batch) {
  if (stage_ != stage::member)
    return; // a coordinator that has not let us in yet sends nothing
  fail_point("worker.task");
  for (auto& task : batch.tasks())
    tasks_.insert(task_key::of(task));
  self_->send(host_, task_batch{std::move(batch)}, caf::actor_cast<result_sink_actor>(self_));
}

void cluster_link_state::drain_host(const v1::Envelope& message) {
  drain();
  self_->request(host_, config_.drain_timeout, message.drain_node())
      .then(
          [this, id = message.id(), round = round_](const v1::Ack& x) {
            if (link_ && round == round_)
              send(id, x);
          },
          [this, id = message.id(), round = round_](const caf::error& why) {
            if (link_ && round == round_)
              send(id, from_caf(why).to_proto());
          });
}

void cluster_link_state::lost(const link_lost& x) {
  if (x.round != round_)
    return;
  if (stage_ == stage::leaving)
    return finish();
  if (stage_ != stage::waiting)
    start_over(x.reason);
}

// -- leaving ----------------------------------------------------------------------------------------------------------

send_status cluster_link_state::sent(send_status status) {
  if (status == send_status::full)
    start_over(gone("the coordinator does not read fast enough"));
  return status;
}

void cluster_link_state::drain() {
  if (!std::exchange(draining_, true) && stage_ == stage::member)
    beat();
}

caf::typed_response_promise<v1::Ack> cluster_link_state::leave(const v1::LeaveCluster& x) {
  auto promise = self_->make_response_promise<v1::Ack>();
  leaving_.push_back(promise);
  if (stage_ != stage::member && stage_ != stage::leaving) {
    finish();
  } else if (stage_ == stage::member) {
    stage_ = stage::leaving;
    due_ = now() + config_.leave_timeout.count();
    v1::LeaveCluster goodbye;
    goodbye.set_node(config_.node.name());
    goodbye.set_boot_id(config_.node.boot_id());
    goodbye.set_reason(x.reason());
    send(0, goodbye);
  }
  return promise;
}

// -- time and the end -------------------------------------------------------------------------------------------------

void cluster_link_state::beat() {
  next_beat_ = now() + heartbeat_.count();
  v1::Heartbeat x;
  x.set_node(config_.node.name());
  x.set_boot_id(config_.node.boot_id());
  x.set_seq(++beats_);
  x.mutable_load()->set_running(static_cast<uint32_t>(tasks_.size()));
  x.set_draining(draining_);
  fence_->sent(beats_, now());
  send(0, x, true);
}

void cluster_link_state::tick() {
  self_->delayed_send(self_, tick_interval, link_tick{});
  switch (stage_) {
  case stage::waiting:
    if (now() >= due_)
      connect();
    return;
  case stage::connecting:
    return; // the connector has a deadline of its own
  case stage::joining:
    if (now() >= due_)
      start_over({v1::ERROR_CODE_TIMED_OUT, "the coordinator did not answer JoinCluster", true});
    return;
  case stage::member:
    if (fence_->is_due(now())) {
      probe_->fenced();
      start_over({v1::ERROR_CODE_FENCED, "the coordinator has acknowledged no heartbeat for too long", true});
    } else if (now() >= next_beat_) {
      beat();
    }
    return;
  case stage::leaving:
    if (now() >= due_)
      finish();
  }
}

void cluster_link_state::cancel_everything(const std::string& why) {
  if (tasks_.empty())
    return;
  v1::CancelBatch batch;
  for (auto& key : tasks_) {
    auto& x = *batch.add_tasks();
    x.set_run_id(key.run_id);
    x.set_task(key.task);
    x.set_attempt(key.attempt);
    x.set_reason(why);
  }
  tasks_.clear();
  caf::anon_send(host_, std::move(batch));
}

void cluster_link_state::start_over(const error& why) {
  // Once per outage: an unreachable coordinator is tried for as long as it takes.
  if (stage_ == stage::member || !std::exchange(complained_, true))
    spdlog::warn("node {} {} coordinator {}: {}; it tries again", config_.node.name(),
                 stage_ == stage::member ? "lost" : "cannot join", to_string(config_.coordinator), why.message);
  if (stage_ == stage::member)
    probe_->ceased_to_be_member();
  else
    probe_->attempt_failed();
  // The coordinator has given this work to others, or will under new attempts.
  cancel_everything(why.message);
  fence_.reset();
  if (auto link = std::exchange(link_, nullptr))
    link->close(why);
  ++round_;
  if (!leaving_.empty())
    return finish();
  stage_ = stage::waiting;
  due_ = now() + backoff_->next().count();
}

void cluster_link_state::finish() {
  self_->quit(); // the destructor says the rest
}

cluster_link_self_actor::behavior_type cluster_link(cluster_link_state::pointer self, cluster_link_config config,
                                                    std::shared_ptr<link_connector> connector, agent_host_actor host,
                                                    std::shared_ptr<const clock> time, cluster_link_probe probe) {
  self->state.start(self, std::move(config), std::move(connector), std::move(host), std::move(time), std::move(probe));
  return {
      [self](v1::ResultBatch& x) { self->state.pass_on(x); },
      [self](const v1::ProgressBatch& x) { self->state.pass_on(x); },
      [self](const v1::OpBatch& x) { self->state.pass_on(x); },
      [self](const v1::DrainNode&) {
        self->state.drain();
        return v1::Ack{};
      },
      [self](const v1::LeaveCluster& x) { return self->state.leave(x); },
      [self](const link_opened& x) { self->state.opened(x); },
      [self](const link_messages& x) { self->state.take(x); },
      [self](const link_lost& x) { self->state.lost(x); },
      [self](link_tick) { self->state.tick(); },
  };
}

} // namespace troupe

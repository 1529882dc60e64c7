#include "actors/link/cluster_link.hpp"

#include "actors/fail_point/fail_point.hpp"
#include "messages/errors.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <utility>
#include <variant>

namespace troupe {

namespace {

error gone(std::string why) {
  return {v1::ERROR_CODE_UNAVAILABLE, std::move(why), true};
}

} // namespace

cluster_link_state::~cluster_link_state() {
  for (auto& x : leaving_)
    x.deliver(v1::Ack{});
  if (!self_)
    return;
  core_->end("the link to the coordinator ended");
  for (auto& x : core_->take_actions())
    if (auto* work = std::get_if<member_action::cancel>(&x))
      perform(*work);
    else if (std::get_if<member_action::left>(&x))
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
  core_.emplace(member_limits{config_.connect_timeout, config_.leave_timeout}, config_.node.name(),
                config_.node.boot_id(), config_.seed);
  core_->start();
  perform();
  self_->delayed_send(self_, member_core::tick_interval, link_tick{});
}

// -- what the core wants ----------------------------------------------------------------------------------------------

void cluster_link_state::perform() {
  for (auto actions = core_->take_actions(); !actions.empty(); actions = core_->take_actions())
    for (auto& next : actions)
      std::visit([this](auto& x) { perform(x); }, next);
}

void cluster_link_state::perform(member_action::connect x) {
  auto me = caf::actor_cast<cluster_link_self_actor>(self_);
  connector_->connect(config_.coordinator, config_.connect_timeout,
                      [me, round = x.round](result<link_ptr> link) -> link_receiver {
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

void cluster_link_state::perform(member_action::join) {
  v1::JoinCluster join;
  *join.mutable_node() = config_.node;
  auto head = envelope_head(*link_);
  join_id_ = head.id();
  troupe::send(*link_, head, join);
}

void cluster_link_state::perform(const member_action::beat& x) {
  if (link_)
    send(0, x.message, true);
}

void cluster_link_state::perform(const member_action::say_goodbye& x) {
  if (link_)
    send(0, x.message);
}

void cluster_link_state::perform(member_action::cancel& x) {
  caf::anon_send(host_, std::move(x.batch));
}

void cluster_link_state::perform(const member_action::close_link& x) {
  if (auto link = std::exchange(link_, nullptr))
    link->close(x.why);
}

void cluster_link_state::perform(const member_action::joined& x) {
  probe_->became_member();
  spdlog::info("node {} joined coordinator {} at {}", config_.node.name(), x.coordinator,
               to_string(config_.coordinator));
}

void cluster_link_state::perform(const member_action::lost& x) {
  spdlog::warn("node {} lost coordinator {}: {}; it tries again", config_.node.name(), to_string(config_.coordinator),
               x.why.message);
  if (x.fenced)
    probe_->fenced();
  probe_->ceased_to_be_member();
}

void cluster_link_state::perform(const member_action::refused& x) {
  // Once per outage: an unreachable coordinator is tried for as long as it takes.
  if (x.first)
    spdlog::warn("node {} cannot join coordinator {}: {}; it tries again", config_.node.name(),
                 to_string(config_.coordinator), x.why.message);
  probe_->attempt_failed();
}

void cluster_link_state::perform(member_action::left) {
  probe_->ceased_to_be_member();
}

void cluster_link_state::perform(member_action::end) {
  self_->quit(); // the destructor says the rest
}

// -- from the link ----------------------------------------------------------------------------------------------------

void cluster_link_state::opened(const link_opened& x) {
  if (!core_->opened(x.round, now())) {
    x.link->close(gone("the node has changed its mind"));
    return;
  }
  link_ = x.link;
  perform();
}

void cluster_link_state::take(const link_messages& x) {
  for (auto& message : x.batch->messages)
    if (core_->is_current(x.round))
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
    core_->acknowledged(message.heartbeat_ack());
    return;
  case v1::Envelope::kJoinedCluster:
    if (message.correlation() == join_id_)
      core_->joined(message.joined_cluster(), now());
    return perform();
  case v1::Envelope::kDrainNode:
    return drain_host(message);
  case v1::Envelope::kAck:
    core_->released();
    return perform();
  case v1::Envelope::kError:
    core_->refused(message.error(), now());
    return perform();
  default:
    if (message.correlation() == 0 && message.id() != 0)
      send(message.id(),
           error{v1::ERROR_CODE_INVALID_INPUT, "a coordinator has no business with such a message", false}.to_proto());
  }
}

void cluster_link_state::run(v1::TaskBatch& batch) {
  if (!core_->take(batch))
    return;
  fail_point("worker.task");
  self_->send(host_, task_batch{std::move(batch)}, caf::actor_cast<result_sink_actor>(self_));
}

void cluster_link_state::drain_host(const v1::Envelope& message) {
  drain();
  self_->request(host_, config_.drain_timeout, message.drain_node())
      .then(
          [this, id = message.id(), round = core_->round()](const v1::Ack& x) {
            if (core_->is_current(round))
              send(id, x);
          },
          [this, id = message.id(), round = core_->round()](const caf::error& why) {
            if (core_->is_current(round))
              send(id, from_caf(why).to_proto());
          });
}

void cluster_link_state::lost(const link_lost& x) {
  core_->lost(x.round, x.reason, now());
  perform();
}

// -- from this process ------------------------------------------------------------------------------------------------

send_status cluster_link_state::sent(send_status status) {
  if (status == send_status::full) {
    core_->give_up(gone("the coordinator does not read fast enough"), now());
    perform();
  }
  return status;
}

void cluster_link_state::drain() {
  core_->drain(now());
  perform();
}

caf::typed_response_promise<v1::Ack> cluster_link_state::leave(const v1::LeaveCluster& x) {
  auto promise = self_->make_response_promise<v1::Ack>();
  leaving_.push_back(promise);
  core_->leave(x.reason(), now());
  perform();
  return promise;
}

void cluster_link_state::tick() {
  self_->delayed_send(self_, member_core::tick_interval, link_tick{});
  core_->tick(now());
  perform();
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

#include "runtime/cluster/member_core.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// What a coordinator may ask for; anything else is a mistake of its.
constexpr milliseconds shortest_heartbeat{50};
constexpr milliseconds shortest_fence{200};
constexpr milliseconds longest_fence{600'000};

} // namespace

// -- the link ---------------------------------------------------------------------------------------------------------

void member_core::start() {
  connect();
}

void member_core::connect() {
  stage_ = stage::connecting;
  act(member_action::connect{++round_});
}

bool member_core::opened(uint64_t round, int64_t now) {
  if (round != round_ || stage_ != stage::connecting)
    return false;
  stage_ = stage::joining;
  due_ = now + limits_.join_timeout.count();
  join_sent_ = now;
  act(member_action::join{});
  return true;
}

void member_core::joined(const v1::JoinedCluster& answer, int64_t now) {
  if (stage_ != stage::joining)
    return;
  stage_ = stage::member;
  heartbeat_ = std::clamp(milliseconds{answer.heartbeat_ms()}, shortest_heartbeat, longest_fence);
  // What the coordinator knows of this node it knows from what was sent, not from when its answer came.
  fence_.emplace(std::clamp(milliseconds{answer.fence_ms()}, shortest_fence, longest_fence), join_sent_);
  beats_ = 0;
  complained_ = false;
  act(member_action::joined{answer.coordinator_name()});
  beat(now);
}

void member_core::acknowledged(const v1::HeartbeatAck& ack) {
  if (fence_)
    fence_->acknowledged(ack.seq());
  // The connection has held for a while.
  if (ack.seq() > 1)
    backoff_.reset();
}

void member_core::released() {
  if (stage_ == stage::leaving)
    end("the node has left");
}

void member_core::refused(const v1::Error& why, int64_t now) {
  if (stage_ == stage::leaving)
    return end(why.message());
  // Late is not dead: the next heartbeat tries again, and the fence has the last word.
  if (stage_ == stage::member && why.code() == v1::ERROR_CODE_TIMED_OUT)
    return;
  if (stage_ == stage::joining || stage_ == stage::member)
    start_over({why.code(), why.message(), why.retryable()}, now, why.code() == v1::ERROR_CODE_FENCED);
}

void member_core::lost(uint64_t round, const error& why, int64_t now) {
  if (round == round_)
    give_up(why, now);
}

void member_core::give_up(const error& why, int64_t now) {
  if (stage_ == stage::leaving)
    end(why.message);
  else if (stage_ != stage::waiting && stage_ != stage::gone)
    start_over(why, now);
}

void member_core::beat(int64_t now) {
  next_beat_ = now + heartbeat_.count();
  member_action::beat out;
  out.message.set_node(node_);
  out.message.set_boot_id(boot_id_);
  out.message.set_seq(++beats_);
  out.message.mutable_load()->set_running(static_cast<uint32_t>(tasks_.size()));
  out.message.set_draining(draining_);
  fence_->sent(beats_, now);
  act(std::move(out));
}

void member_core::tick(int64_t now) {
  switch (stage_) {
  case stage::waiting:
    if (now >= due_)
      connect();
    return;
  case stage::joining:
    if (now >= due_)
      start_over({v1::ERROR_CODE_TIMED_OUT, "the coordinator did not answer JoinCluster", true}, now);
    return;
  case stage::member:
    if (fence_->is_due(now))
      start_over({v1::ERROR_CODE_FENCED, "the coordinator has acknowledged no heartbeat for too long", true}, now,
                 true);
    else if (now >= next_beat_)
      beat(now);
    return;
  case stage::leaving:
    if (now >= due_)
      end("the coordinator did not answer the goodbye");
    return;
  case stage::connecting: // the connector has a deadline of its own
  case stage::gone:
    return;
  }
}

void member_core::start_over(const error& why, int64_t now, bool fenced) {
  if (stage_ == stage::member)
    act(member_action::lost{why, fenced});
  else
    act(member_action::refused{why, !std::exchange(complained_, true)});
  // The coordinator has given this work to others, or will under new attempts.
  cancel_everything(why.message);
  fence_.reset();
  act(member_action::close_link{why});
  ++round_;
  stage_ = stage::waiting;
  due_ = now + backoff_.next().count();
}

// -- this process -----------------------------------------------------------------------------------------------------

void member_core::drain(int64_t now) {
  if (!std::exchange(draining_, true) && stage_ == stage::member)
    beat(now);
}

void member_core::leave(const std::string& reason, int64_t now) {
  if (stage_ == stage::leaving || stage_ == stage::gone)
    return;
  if (stage_ != stage::member)
    return end(reason);
  stage_ = stage::leaving;
  due_ = now + limits_.leave_timeout.count();
  member_action::say_goodbye out;
  out.message.set_node(node_);
  out.message.set_boot_id(boot_id_);
  out.message.set_reason(reason);
  act(std::move(out));
}

void member_core::end(const std::string& why) {
  if (stage_ == stage::gone)
    return;
  error reason{v1::ERROR_CODE_UNAVAILABLE, why, true};
  if (stage_ == stage::member || stage_ == stage::leaving)
    act(member_action::left{});
  cancel_everything(why);
  act(member_action::close_link{std::move(reason)});
  ++round_;
  stage_ = stage::gone;
  act(member_action::end{});
}

// -- tasks ------------------------------------------------------------------------------------------------------------

bool member_core::take(const v1::TaskBatch& batch) {
  if (stage_ != stage::member)
    return false;
  for (const auto& task : batch.tasks())
    tasks_.insert(task_key::of(task));
  return true;
}

void member_core::cancel_everything(const std::string& why) {
  if (tasks_.empty())
    return;
  member_action::cancel out;
  for (const auto& key : tasks_) {
    auto& x = *out.batch.add_tasks();
    x.set_run_id(key.run_id);
    x.set_task(key.task);
    x.set_attempt(key.attempt);
    x.set_reason(why);
  }
  tasks_.clear();
  act(std::move(out));
}

} // namespace troupe

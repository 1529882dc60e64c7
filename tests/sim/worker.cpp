#include "tests/sim/worker.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

namespace {

constexpr usec tick_interval = 200 * msec;
constexpr int64_t connect_timeout_ms = 5'000;
constexpr uint64_t host_id = 1'000;
/// A node that ends waits so long for its tasks, and so long for the coordinators to take its leave.
constexpr usec drain_timeout = 10 * second;
constexpr usec leave_timeout = 2 * second;

} // namespace

cluster_link::cluster_link(context& world, process& home, process& coordinator, network& net, agent_host& host,
                           uint64_t id, uint32_t capacity)
    : world_{world}, home_{home},
      coordinator_{coordinator}, net_{net}, host_{host}, id_{id}, capacity_{capacity}, backoff_{world.random.next()} {}

void cluster_link::start() {
  connect();
  world_.time.after(tick_interval, home_, [this] { tick(); });
}

// -- joining ----------------------------------------------------------------------------------------------------------

void cluster_link::connect() {
  stage_ = stage::connecting;
  auto round = ++round_;
  net_.dial(home_, coordinator_, "worker", connect_timeout_ms * msec, [this, round](socket link) {
    if (link)
      return opened(round, std::move(link));
    if (round == round_ && stage_ != stage::waiting)
      start_over("no connection");
    return connection::handlers{};
  });
}

connection::handlers cluster_link::opened(uint64_t round, socket link) {
  if (round != round_ || stage_ != stage::connecting) {
    net_.close(link);
    return {};
  }
  link_ = std::move(link);
  stage_ = stage::joining;
  due_ = now() + connect_timeout_ms;
  join_sent_ = now();
  v1::Envelope message;
  message.set_id(join_id_ = ++last_message_);
  auto& node = *message.mutable_join_cluster()->mutable_node();
  node.set_name(home_.name);
  node.set_boot_id(home_.boot_id());
  node.set_capacity(capacity_);
  node.add_kinds("lua");
  net_.send(link_, std::move(message));
  return {[this, round](v1::Envelope& x) {
            if (round == round_)
              take(x);
          },
          [this, round](const std::string& why) {
            if (round == round_ && stage_ != stage::waiting)
              stage_ == stage::leaving ? finish() : start_over(why);
          }};
}

void cluster_link::joined(const v1::JoinedCluster& x) {
  if (stage_ != stage::joining)
    return;
  world_.say(home_, "joined {}", x.coordinator_boot_id());
  stage_ = stage::member;
  heartbeat_ = x.heartbeat_ms();
  fence_.emplace(milliseconds{x.fence_ms()}, join_sent_);
  beats_ = 0;
  beat();
}

// -- from the link ----------------------------------------------------------------------------------------------------

void cluster_link::take(v1::Envelope& message) {
  switch (message.body_case()) {
  case v1::Envelope::kTaskBatch:
    return run(*message.mutable_task_batch());
  case v1::Envelope::kCancelBatch:
    world_.post(home_, host_id, [this, batch = message.cancel_batch()] { host_.cancel(batch); });
    return;
  case v1::Envelope::kOpAnswerBatch:
    world_.post(home_, host_id, [this, batch = message.op_answer_batch()] { host_.answered(batch); });
    return;
  case v1::Envelope::kHeartbeatAck:
    if (fence_)
      fence_->acknowledged(message.heartbeat_ack().seq());
    if (message.heartbeat_ack().seq() > 1)
      backoff_.reset();
    return;
  case v1::Envelope::kJoinedCluster:
    if (message.correlation() == join_id_)
      joined(message.joined_cluster());
    return;
  case v1::Envelope::kAck:
    if (stage_ == stage::leaving)
      finish();
    return;
  case v1::Envelope::kError:
    if (stage_ == stage::leaving)
      return finish();
    if (stage_ == stage::member && message.error().code() == v1::ERROR_CODE_TIMED_OUT)
      return;
    return start_over(message.error().message());
  default:
    world_.judge.accuse("a worker got a message that no coordinator sends");
  }
}

void cluster_link::run(v1::TaskBatch& batch) {
  if (stage_ != stage::member)
    return;
  for (const auto& task : batch.tasks())
    tasks_.emplace(task.run_id(), task.task(), task.attempt());
  world_.post(home_, host_id, [this, batch = std::move(batch)]() mutable { host_.submit(std::move(batch), id_); });
}

// -- from this process ------------------------------------------------------------------------------------------------

void cluster_link::pass_on(v1::ResultBatch batch) {
  v1::Envelope message;
  for (auto& x : *batch.mutable_results())
    if (tasks_.erase({x.run_id(), x.task(), x.attempt()}) > 0)
      *message.mutable_result_batch()->add_results() = std::move(x);
    else
      world_.say(home_, "drops its answer to {}/{} attempt {}", x.run_id(), x.task(), x.attempt());
  if (message.has_result_batch() && link_)
    net_.send(link_, std::move(message));
}

void cluster_link::pass_on(const v1::OpBatch& batch) {
  if (!link_ || stage_ != stage::member)
    return;
  for (const auto& x : batch.operations()) {
    if (tasks_.count({x.run_id(), x.task(), x.attempt()}) == 0)
      continue;
    v1::Envelope message;
    *message.mutable_op_batch()->add_operations() = x;
    net_.send(link_, std::move(message));
  }
}

void cluster_link::drain() {
  if (!std::exchange(draining_, true) && stage_ == stage::member)
    beat();
}

void cluster_link::leave() {
  if (stage_ != stage::member)
    return finish();
  stage_ = stage::leaving;
  due_ = now() + leave_timeout / msec;
  v1::Envelope message;
  message.set_id(++last_message_);
  auto& x = *message.mutable_leave_cluster();
  x.set_node(home_.name);
  x.set_boot_id(home_.boot_id());
  net_.send(link_, std::move(message));
}

void cluster_link::finish() {
  cancel_everything("the node ends");
  stage_ = stage::gone;
  ++round_;
  if (link_)
    net_.close(std::exchange(link_, {}));
}

// -- time and the end -------------------------------------------------------------------------------------------------

void cluster_link::beat() {
  next_beat_ = now() + heartbeat_;
  v1::Envelope message;
  message.set_id(++last_message_);
  auto& x = *message.mutable_heartbeat();
  x.set_node(home_.name);
  x.set_boot_id(home_.boot_id());
  x.set_seq(++beats_);
  x.mutable_load()->set_running(static_cast<uint32_t>(tasks_.size()));
  x.set_draining(draining_);
  fence_->sent(beats_, now());
  net_.send(link_, std::move(message));
}

void cluster_link::tick() {
  world_.time.after(tick_interval, home_, [this] { tick(); });
  switch (stage_) {
  case stage::waiting:
    if (now() >= due_)
      connect();
    return;
  case stage::connecting:
    return;
  case stage::joining:
    if (now() >= due_)
      start_over("the coordinator did not answer JoinCluster");
    return;
  case stage::member:
    if (fence_->is_due(now())) {
      world_.see(sight::worker_fenced);
      start_over("the coordinator has acknowledged no heartbeat for too long");
    } else if (now() >= next_beat_) {
      beat();
    }
    return;
  case stage::leaving:
    if (now() >= due_)
      finish();
    return;
  case stage::gone:
    return;
  }
}

void cluster_link::cancel_everything(const std::string& why) {
  if (tasks_.empty())
    return;
  v1::CancelBatch batch;
  for (const auto& [run, task, attempt] : std::exchange(tasks_, {})) {
    auto& x = *batch.add_tasks();
    x.set_run_id(run);
    x.set_task(task);
    x.set_attempt(attempt);
    x.set_reason(why);
  }
  world_.post(home_, host_id, [this, batch = std::move(batch)] { host_.cancel(batch); });
}

void cluster_link::start_over(const std::string& why) {
  if (stage_ == stage::member)
    world_.say(home_, "lost {}: {}", coordinator_.name, why);
  cancel_everything(why);
  fence_.reset();
  if (link_)
    net_.close(std::exchange(link_, {}));
  ++round_;
  stage_ = stage::waiting;
  due_ = now() + backoff_.next().count();
}

// -- the process ------------------------------------------------------------------------------------------------------

worker::worker(context& world, process& home, network& net, const std::vector<process*>& coordinators,
               const agent_manners& manners, uint32_t capacity)
    : world_{world}, home_{home}, host_{world, home, manners, capacity, sinks()} {
  for (auto* x : coordinators)
    links_.push_back(std::make_unique<cluster_link>(world, home, *x, net, host_, links_.size(), capacity));
}

host_sinks worker::sinks() {
  auto to_link = [this](uint64_t sink, auto batch) {
    world_.post(home_, sink, [link = links_[sink].get(), batch = std::move(batch)] { link->pass_on(batch); });
  };
  return {to_link, to_link};
}

void worker::start() {
  for (auto& x : links_)
    x->start();
}

void worker::terminate(std::function<void()> ended) {
  world_.say(home_, "drains");
  for (auto& x : links_)
    x->drain();
  host_.drain();
  wind_up(world_.time.now() + drain_timeout, std::move(ended));
}

void worker::wind_up(usec deadline, std::function<void()> ended) {
  constexpr usec look_again = 20 * msec;
  if (host_.load() > 0 && world_.time.now() < deadline) {
    world_.time.after(look_again, home_, [this, deadline, ended] { wind_up(deadline, ended); });
    return;
  }
  auto all_left = true;
  for (auto& x : links_) {
    if (deadline > 0)
      x->leave();
    all_left = all_left && x->has_left();
  }
  if (all_left)
    return ended();
  // Once all have said goodbye there is nothing to wait for but their answers, or their patience.
  world_.time.after(look_again, home_, [this, ended] { wind_up(0, ended); });
}

} // namespace troupe::sim

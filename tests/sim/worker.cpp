#include "tests/sim/worker.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

namespace {

constexpr usec tick_interval = member_core::tick_interval.count() * msec;
constexpr milliseconds connect_timeout{5'000};
constexpr uint64_t host_id = 1'000;
/// A node that ends waits so long for its tasks, and so long for the coordinators to take its leave.
constexpr usec drain_timeout = 10 * second;
constexpr milliseconds leave_timeout{2'000};

} // namespace

cluster_link::cluster_link(context& world, process& home, process& coordinator, network& net, agent_host& host,
                           uint64_t id, uint32_t capacity)
    : world_{world}, home_{home}, coordinator_{coordinator}, net_{net}, host_{host}, id_{id}, capacity_{capacity},
      core_{{connect_timeout, leave_timeout}, home.name, home.boot_id(), world.random.next()} {}

void cluster_link::start() {
  core_.start();
  perform();
  world_.time.after(tick_interval, home_, [this] { tick(); });
}

// -- what the core wants ----------------------------------------------------------------------------------------------

void cluster_link::perform() {
  for (auto actions = core_.take_actions(); !actions.empty(); actions = core_.take_actions())
    for (auto& next : actions)
      std::visit([this](auto& x) { perform(x); }, next);
}

void cluster_link::perform(member_action::connect x) {
  net_.dial(home_, coordinator_, "worker", connect_timeout.count() * msec, [this, round = x.round](socket link) {
    if (link)
      return opened(round, std::move(link));
    core_.lost(round, {v1::ERROR_CODE_UNAVAILABLE, "no connection", true}, now());
    perform();
    return connection::handlers{};
  });
}

connection::handlers cluster_link::opened(uint64_t round, socket link) {
  if (!core_.opened(round, now())) {
    net_.close(link);
    return {};
  }
  link_ = std::move(link);
  perform();
  return {[this, round](v1::Envelope& x) {
            if (core_.is_current(round))
              take(x);
          },
          [this, round](const std::string& why) {
            core_.lost(round, {v1::ERROR_CODE_UNAVAILABLE, why, true}, now());
            perform();
          }};
}

void cluster_link::perform(member_action::join) {
  v1::Envelope message;
  auto& node = *message.mutable_join_cluster()->mutable_node();
  node.set_name(home_.name);
  node.set_boot_id(home_.boot_id());
  node.set_capacity(capacity_);
  node.add_kinds("lua");
  join_id_ = last_message_ + 1;
  send(std::move(message));
}

void cluster_link::perform(const member_action::beat& x) {
  v1::Envelope message;
  *message.mutable_heartbeat() = x.message;
  send(std::move(message));
}

void cluster_link::perform(const member_action::say_goodbye& x) {
  v1::Envelope message;
  *message.mutable_leave_cluster() = x.message;
  send(std::move(message));
}

void cluster_link::perform(const member_action::cancel& x) {
  world_.post(home_, host_id, [this, batch = x.batch] { host_.cancel(batch); });
}

void cluster_link::perform(const member_action::close_link&) {
  if (link_)
    net_.close(std::exchange(link_, {}));
}

void cluster_link::perform(const member_action::joined& x) {
  world_.say(home_, "joined {}", x.coordinator);
}

void cluster_link::perform(const member_action::lost& x) {
  if (x.fenced)
    world_.see(sight::worker_fenced);
  world_.say(home_, "lost {}: {}", coordinator_.name, x.why.message);
}

void cluster_link::send(v1::Envelope message) {
  message.set_id(++last_message_);
  net_.send(link_, std::move(message));
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
    return core_.acknowledged(message.heartbeat_ack());
  case v1::Envelope::kJoinedCluster:
    if (message.correlation() == join_id_)
      core_.joined(message.joined_cluster(), now());
    return perform();
  case v1::Envelope::kAck:
    core_.released();
    return perform();
  case v1::Envelope::kError:
    core_.refused(message.error(), now());
    return perform();
  default:
    world_.judge.accuse("a worker got a message that no coordinator sends");
  }
}

void cluster_link::run(v1::TaskBatch& batch) {
  if (!core_.take(batch))
    return;
  world_.post(home_, host_id, [this, batch = std::move(batch)]() mutable { host_.submit(std::move(batch), id_); });
}

// -- from this process ------------------------------------------------------------------------------------------------

void cluster_link::pass_on(v1::ResultBatch batch) {
  v1::Envelope message;
  for (auto& x : *batch.mutable_results())
    if (core_.take_result(x))
      *message.mutable_result_batch()->add_results() = std::move(x);
    else
      world_.say(home_, "drops its answer to {}/{} attempt {}", x.run_id(), x.task(), x.attempt());
  if (message.has_result_batch() && link_)
    net_.send(link_, std::move(message));
}

void cluster_link::pass_on(const v1::OpBatch& batch) {
  if (!link_)
    return;
  for (const auto& x : batch.operations()) {
    if (!core_.concerns(task_key::of(x)))
      continue;
    v1::Envelope message;
    *message.mutable_op_batch()->add_operations() = x;
    net_.send(link_, std::move(message));
  }
}

void cluster_link::drain() {
  core_.drain(now());
  perform();
}

void cluster_link::leave() {
  core_.leave("the node ends", now());
  perform();
}

void cluster_link::tick() {
  world_.time.after(tick_interval, home_, [this] { tick(); });
  core_.tick(now());
  perform();
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

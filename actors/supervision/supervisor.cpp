#include "actors/supervision/supervisor.hpp"

#include "messages/errors.hpp"

#include <caf/make_message.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <set>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

bool ended_normally(const caf::error& reason) {
  return !reason || reason == caf::exit_reason::user_shutdown;
}

supervision::child_options options_of(const child_spec& spec) {
  return {.id = spec.id, .restart = spec.restart, .grace = spec.grace};
}

caf::error check(const child_spec& spec) {
  if (spec.id.empty())
    return caf::make_error(ec::invalid_input, "a child needs an id");
  if (!spec.start)
    return caf::make_error(ec::invalid_input, fmt::format("child {} has no start function", spec.id));
  if (spec.grace.count() < 0)
    return caf::make_error(ec::invalid_input, fmt::format("child {}: grace must not be negative", spec.id));
  return caf::none;
}

/// Null when the child cannot be started; `problem` says why.
caf::actor start_child_of(const child_spec& spec, caf::actor_system& system, std::string& problem) {
  problem = "its start function gave no handle";
  try {
    return spec.start(system);
  } catch (const std::exception& x) {
    problem = x.what();
    return {};
  }
}

supervisor_self_actor::behavior_type supervise(supervisor_state::pointer self, supervisor_config config,
                                               supervisor_probe probe, std::vector<caf::actor> started) {
  if (auto wrong = validate(config)) {
    self->quit(std::move(wrong));
    return supervisor_self_actor::behavior_type::make_empty_behavior();
  }
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.down(msg); });
  self->set_exit_handler([self](caf::exit_msg& msg) { self->state.close(std::move(msg.reason)); });
  self->state.begin(self, std::move(config), probe, std::move(started));
  return {
      [self](const start_child& request) { return self->state.start(request.spec); },
      [self](const stop_child& request) { return self->state.stop(request.id); },
      [self](const list_children&) { return self->state.list(); },
      [self](supervisor_tick) { self->state.tick(); },
  };
}

} // namespace

caf::error validate(const supervisor_config& config) {
  std::set<std::string_view> ids;
  for (const auto& spec : config.children) {
    if (auto wrong = check(spec))
      return wrong;
    if (!ids.insert(spec.id).second)
      return caf::make_error(ec::invalid_input, fmt::format("two children are called {}", spec.id));
  }
  const auto& [initial, factor, longest, jitter, first_at_once] = config.limits.backoff;
  if (config.limits.period.count() < 0 || initial.count() < 0 || longest.count() < 0)
    return caf::make_error(ec::invalid_input, "period, initial and longest wait must not be negative");
  if (!(factor >= 1) || !(jitter >= 0 && jitter <= 1))
    return caf::make_error(ec::invalid_input, "the backoff's factor must be 1 or more, its jitter 0 to 1");
  return caf::none;
}

milliseconds grace_of(const supervisor_config& config) {
  milliseconds sum{1'000};
  for (const auto& spec : config.children)
    sum += spec.grace + supervision::kill_patience;
  return sum;
}

child_spec supervisor_child(std::string id, supervisor_config config, supervisor_probe probe, restart_type restart) {
  auto grace = grace_of(config);
  auto start = [config = std::move(config), probe](caf::actor_system& system) {
    // An actor begins some time after it was spawned, which is too late for those that are started after it.
    std::vector<caf::actor> started;
    if (auto wrong = validate(config))
      throw std::invalid_argument{from_caf(wrong).message};
    for (const auto& spec : config.children) {
      std::string ignored;
      auto handle = start_child_of(spec, system, ignored);
      // It will try again itself, and start the rest in order.
      if (!handle)
        break;
      started.push_back(std::move(handle));
    }
    return caf::actor_cast<caf::actor>(system.spawn(supervise, config, probe, std::move(started)));
  };
  return {.id = std::move(id), .start = std::move(start), .restart = restart, .grace = grace};
}

supervisor_state::~supervisor_state() {
  for (auto& [id, who] : children_) {
    if (who.handle)
      send_exit(who, caf::exit_reason::kill);
    if (who.starter.pending())
      who.starter.deliver(caf::make_error(ec::unavailable, "the supervisor ended"));
    for (auto& stopper : who.stoppers)
      stopper.deliver(v1::Ack{});
  }
}

void supervisor_state::begin(pointer self, supervisor_config config, supervisor_probe probe,
                             std::vector<caf::actor> started) {
  self_ = self;
  name_ = std::move(config.name);
  probe_ = probe;
  decisions_.emplace(config.strategy, config.limits, random_source{config.seed});
  for (size_t i = 0; i < config.children.size(); ++i) {
    auto& spec = config.children[i];
    decisions_->add(options_of(spec), now_ms(), true);
    auto id = spec.id;
    children_[id].spec = std::move(spec);
    if (i < started.size())
      children_[id].ready = std::move(started[i]);
  }
  run();
}

// -- what comes in ----------------------------------------------------------------------------------------------------

caf::result<caf::actor> supervisor_state::start(child_spec spec) {
  if (auto wrong = check(spec))
    return wrong;
  switch (decisions_->add(options_of(spec), now_ms())) {
  case supervision::add_outcome::exists:
    return caf::make_error(ec::already_exists, fmt::format("{} has a child called {} already", name_, spec.id));
  case supervision::add_outcome::closing:
    return caf::make_error(ec::unavailable, fmt::format("{} is ending", name_));
  case supervision::add_outcome::accepted:
    break;
  }
  auto promise = self_->make_response_promise<caf::actor>();
  auto id = spec.id;
  children_[id] = {.spec = std::move(spec), .starter = promise};
  run();
  return promise;
}

caf::result<v1::Ack> supervisor_state::stop(const std::string& id) {
  auto who = children_.find(id);
  if (who == children_.end())
    return caf::make_error(ec::not_found, fmt::format("{} has no child called {}", name_, id));
  auto promise = self_->make_response_promise<v1::Ack>();
  who->second.stoppers.push_back(promise);
  decisions_->remove(id, now_ms());
  run();
  return promise;
}

std::vector<child_status> supervisor_state::list() const {
  std::vector<child_status> out;
  for (auto& x : decisions_->children())
    out.push_back({std::move(x.id), x.up, x.restarts});
  return out;
}

void supervisor_state::down(const caf::down_msg& msg) {
  auto i = ids_.find(msg.source);
  if (i == ids_.end())
    return;
  auto id = i->second;
  ids_.erase(i);
  children_.at(id).handle = nullptr;
  bool normal = ended_normally(msg.reason);
  if (normal)
    spdlog::debug("{} saw child {} end", name_, id);
  else
    spdlog::warn("{} lost child {}: {}", name_, id, from_caf(msg.reason).message);
  decisions_->down(id, normal, now_ms());
  run();
}

void supervisor_state::close(caf::error reason) {
  reason_ = std::move(reason);
  decisions_->close();
  run();
}

void supervisor_state::tick() {
  armed_for_.reset();
  run();
}

// -- what goes out ----------------------------------------------------------------------------------------------------

void supervisor_state::run() {
  for (auto commands = decisions_->advance(now_ms()); !commands.empty(); commands = decisions_->advance(now_ms()))
    for (const auto& command : commands)
      execute(command);
  auto wake = decisions_->next_wake();
  if (!wake || finished_ || (armed_for_ && *armed_for_ <= *wake))
    return;
  armed_for_ = wake;
  self_->delayed_send(self_, milliseconds{std::max<int64_t>(0, *wake - now_ms())}, supervisor_tick{});
}

void supervisor_state::execute(const supervision_command& command) {
  using kind = supervision_command::kind;
  const auto& id = command.child;
  switch (command.what) {
  case kind::start:
    start_now(id, children_.at(id));
    break;
  case kind::stop:
    send_exit(children_.at(id), caf::exit_reason::user_shutdown);
    break;
  case kind::kill:
    spdlog::warn("{} kills child {}: it did not end within {} ms", name_, id, children_.at(id).spec.grace.count());
    send_exit(children_.at(id), caf::exit_reason::kill);
    break;
  case kind::abandon: {
    auto& who = children_.at(id);
    spdlog::error("{} gives up waiting for child {}: it is blocked and survives even kill", name_, id);
    self_->demonitor(who.handle.address());
    ids_.erase(who.handle.address());
    who.handle = nullptr;
    break;
  }
  case kind::removed:
  case kind::refused:
    forget(id);
    break;
  case kind::closed:
    finish();
    break;
  }
}

void supervisor_state::start_now(const std::string& id, child& who) {
  std::string problem;
  auto handle = std::exchange(who.ready, {});
  if (!handle)
    handle = start_child_of(who.spec, self_->system(), problem);
  if (!handle) {
    spdlog::warn("{} cannot start child {}: {}", name_, id, problem);
    decisions_->start_failed(id, now_ms());
    return;
  }
  // Ahead of what else waits in our mailbox.
  self_->monitor<caf::message_priority::high>(handle);
  ids_.emplace(handle.address(), id);
  who.handle = handle;
  if (std::exchange(who.started_before, true)) {
    spdlog::info("{} restarted child {}", name_, id);
    probe_->child_restarted();
  }
  decisions_->started(id, now_ms());
  if (who.starter.pending())
    who.starter.deliver(std::move(handle));
}

/// Ahead of what else waits in the child's mailbox.
void supervisor_state::send_exit(const child& who, caf::exit_reason reason) const {
  if (who.handle)
    who.handle->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                        caf::make_message(caf::exit_msg{self_->address(), reason}), nullptr);
}

void supervisor_state::forget(const std::string& id) {
  auto node = children_.extract(id);
  auto& who = node.mapped();
  if (who.starter.pending())
    who.starter.deliver(caf::make_error(ec::internal, fmt::format("{} could not start child {}", name_, id)));
  for (auto& stopper : who.stoppers)
    stopper.deliver(v1::Ack{});
}

void supervisor_state::finish() {
  finished_ = true;
  if (!decisions_->gave_up()) {
    self_->quit(std::move(reason_));
    return;
  }
  spdlog::error("{} gave up: its children ended too often", name_);
  probe_->escalated();
  self_->quit(caf::make_error(ec::unavailable, fmt::format("{} gave up: its children ended too often", name_)));
}

int64_t supervisor_state::now_ms() const {
  return std::chrono::duration_cast<milliseconds>(self_->clock().now().time_since_epoch()).count();
}

supervisor_self_actor::behavior_type supervisor(supervisor_state::pointer self, supervisor_config config,
                                                supervisor_probe probe) {
  return supervise(self, std::move(config), probe, {});
}

} // namespace troupe

#include "actors/agents/process_agent.hpp"

#include "actors/agents/actor_clock.hpp"
#include "actors/agents/spec_config.hpp"
#include "messages/errors.hpp"
#include "runtime/agents/process/process_core.hpp"
#include "runtime/core/tick_alarm.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace troupe {

/// From the thread of the pipes.
struct process_news {
  /// Which of the agent's processes; news of an earlier one means nothing any more.
  uint64_t life = 0;
  process_event::any event;
};

/// To itself: a deadline of the core may be due.
struct process_tick {
  /// See tick_alarm.
  uint64_t number = 0;
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::process_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::process_tick)

namespace troupe {

namespace {

using process_shell = agent_actor::extend<caf::reacts_to<process_news>, caf::reacts_to<process_tick>>;

/// Of all process agents of a node.
struct process_probe {
  explicit process_probe(prometheus::Registry& registry)
      : deaths{counter(registry, "troupe_process_deaths_total", "Processes of agents that ended by themselves.")},
        garbage{counter(registry, "troupe_process_garbage_lines_total",
                        "Lines of agents' processes that were no answer: unreadable, too long, for unknown tasks.")} {}

  static prometheus::Counter* counter(prometheus::Registry& registry, const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }

  prometheus::Counter* deaths;
  prometheus::Counter* garbage;
};

class process_state {
public:
  static inline const char* name = "process-agent";

  using pointer = process_shell::stateful_pointer<process_state>;
  using promise = caf::typed_response_promise<v1::TaskResult>;

  ~process_state() {
    if (port_ && child_ != 0)
      port_->terminate(child_);
  }

  void start(pointer self, const v1::AgentSpec& spec, agent_context context, process_command command,
             std::shared_ptr<process_port> port) {
    self_ = self;
    agent_ = spec.name();
    context_ = std::move(context);
    command_ = std::move(command);
    port_ = std::move(port);
    core_ = std::make_unique<process_core>(
        agent_, process_limits{.concurrency = std::max(1u, spec.concurrency()), .max_line = max_line_bytes});
    if (context_.metrics)
      probe_.emplace(*context_.metrics);
  }

  void submit(const v1::Task& task) {
    auto key = key_of(task);
    // The same attempt again; the first asker has the promise.
    if (promises_.contains(key))
      return;
    promises_.emplace(std::move(key), self_->make_response_promise<promise>());
    core_->submit(task, now());
    apply();
  }

  void cancel(const v1::CancelTask& x) {
    core_->cancel(x, now());
    apply();
  }

  void hear(const process_news& x) {
    if (x.life != life_)
      return;
    std::visit([this](auto& event) { happened(event); }, x.event);
    apply();
  }

  void tick(const process_tick& x) {
    if (!alarm_.rings(x.number))
      return;
    core_->tick(now());
    apply();
  }

private:
  using task_key = std::tuple<std::string, uint32_t, uint32_t>;

  static constexpr size_t max_line_bytes = size_t{16} << 20;

  template <class T>
  static task_key key_of(const T& x) {
    return {x.run_id(), x.task(), x.attempt()};
  }

  int64_t now() const {
    return actor_clock{self_->system()}.steady_ms();
  }

  void happened(const process_event::started&) {
    core_->started(now());
  }

  void happened(const process_event::failed& x) {
    child_ = 0;
    context_.log->warn("agent {} could not start its process: {}", agent_, x.why);
    core_->failed(x.why, now());
  }

  void happened(const process_event::output& x) {
    core_->output(x.bytes, now());
    port_->read_on(child_);
  }

  void happened(const process_event::broken& x) {
    core_->broken(x.what, now());
  }

  void happened(const process_event::exited& x) {
    child_ = 0;
    core_->exited(x.how, now());
  }

  void apply() {
    for (auto& x : core_->take_actions())
      std::visit([this](auto& y) { act(y); }, x);
    auto due = core_->next_deadline();
    if (auto tick = due ? alarm_.arm(*due) : std::nullopt)
      self_->delayed_send(self_,
                          std::clamp(milliseconds{*due - now()}, milliseconds{0}, milliseconds{tick_alarm::longest}),
                          process_tick{*tick});
    if (probe_) {
      auto& c = core_->counters();
      auto garbage = c.garbage_lines + c.long_lines + c.unknown_tasks;
      probe_->deaths->Increment(static_cast<double>(c.deaths - std::exchange(seen_deaths_, c.deaths)));
      probe_->garbage->Increment(static_cast<double>(garbage - std::exchange(seen_garbage_, garbage)));
    }
  }

  void act(process_action::spawn&) {
    auto home = caf::actor_cast<caf::actor_addr>(process_shell{self_});
    child_ = port_->start(
        command_,
        [home, life = ++life_](process_event::any event) {
          if (auto to = caf::actor_cast<process_shell>(home))
            caf::anon_send(to, process_news{life, std::move(event)});
        },
        [log = context_.log, agent = agent_](std::string_view line) { log->info("agent {} says: {}", agent, line); });
  }

  void act(process_action::write& x) {
    port_->write(child_, std::move(x.line));
  }

  void act(process_action::terminate&) {
    port_->terminate(child_);
  }

  void act(process_action::answer& x) {
    auto i = promises_.find(key_of(x.result));
    if (i == promises_.end())
      return;
    i->second.deliver(std::move(x.result));
    promises_.erase(i);
  }

  void act(process_action::progress& x) {
    if (context_.progress)
      self_->send(context_.progress, std::move(x.progress));
  }

  void act(process_action::operate& x) {
    if (!context_.operations) {
      core_->operated(x.task_id, x.tag, refusal(x.op, {v1::ERROR_CODE_UNAVAILABLE, "this node has no host", false}));
      return;
    }
    // The task's own time bounds the wait: when it ends, the host gives the promise back.
    constexpr auto patience = milliseconds{86'400'000};
    self_->request(context_.operations, patience, x.op)
        .then(
            [this, id = x.task_id, tag = x.tag](const v1::OpAnswer& answer) {
              core_->operated(id, tag, answer);
              apply();
            },
            [this, id = x.task_id, tag = x.tag, op = x.op](const caf::error& why) {
              core_->operated(id, tag, refusal(op, from_caf(why)));
              apply();
            });
  }

  static v1::OpAnswer refusal(const v1::TaskOp& op, const error& why) {
    v1::OpAnswer out;
    out.set_task(op.task());
    out.set_attempt(op.attempt());
    out.set_number(op.number());
    *out.mutable_error() = why.to_proto();
    return out;
  }

  void act(process_action::log& x) {
    context_.log->warn("process of agent {} {}", agent_, x.text);
  }

  pointer self_ = nullptr;
  std::string agent_;
  agent_context context_;
  process_command command_;
  std::shared_ptr<process_port> port_;
  std::unique_ptr<process_core> core_;
  std::optional<process_probe> probe_;
  /// 0 = none.
  uint64_t child_ = 0;
  uint64_t life_ = 0;
  std::map<task_key, promise> promises_;
  tick_alarm alarm_;
  uint64_t seen_deaths_ = 0;
  uint64_t seen_garbage_ = 0;
};

process_shell::behavior_type process_agent(process_state::pointer self, v1::AgentSpec spec, agent_context context,
                                           process_command command, std::shared_ptr<process_port> port) {
  self->state.start(self, spec, std::move(context), std::move(command), std::move(port));
  return {
      [self](const v1::Task& task) -> caf::result<v1::TaskResult> {
        self->state.submit(task);
        return caf::delegated<v1::TaskResult>{};
      },
      [self](const v1::CancelTask& x) { self->state.cancel(x); },
      [self](const process_news& x) { self->state.hear(x); },
      [self](const process_tick& x) { self->state.tick(x); },
  };
}

result<process_command> read_command(const v1::AgentSpec& spec) {
  auto settings = spec_config(spec);
  if (!settings)
    return tl::unexpected<error>(settings.error());
  // A zero byte would end the text for the system, and mean something else than was written.
  auto is_plain = [](const json& x) {
    return x.is_string() && x.get_ref<const std::string&>().find('\0') == std::string::npos;
  };
  process_command out;
  auto command = settings->value("command", json());
  if (command.is_string())
    command = json::array({command});
  if (!command.is_array() || command.empty())
    return bad_setting(spec, "\"command\" is not a list of texts: the program and its arguments");
  for (auto& word : command) {
    if (!is_plain(word))
      return bad_setting(spec, "\"command\" has an element that is no text");
    out.argv.push_back(word.get<std::string>());
  }
  if (out.argv.front().empty())
    return bad_setting(spec, "\"command\" names no program");
  if (auto env = settings->find("env"); env != settings->end()) {
    if (!env->is_object())
      return bad_setting(spec, "\"env\" is not an object");
    for (auto& [key, value] : env->items()) {
      if (key.empty() || key.find_first_of(std::string_view{"=\0", 2}) != std::string::npos || !is_plain(value))
        return bad_setting(spec, "\"env\" has a name or value that no environment takes: \"" + key + "\"");
      out.env.emplace(key, value.get<std::string>());
    }
  }
  if (auto cwd = settings->find("cwd"); cwd != settings->end()) {
    if (!is_plain(*cwd))
      return bad_setting(spec, "\"cwd\" is not a text");
    out.cwd = cwd->get<std::string>();
  }
  return out;
}

class process_kind final : public agent_factory {
public:
  explicit process_kind(std::shared_ptr<process_port> port) : port_{std::move(port)} {}

  result<agent_actor> spawn(const v1::AgentSpec& spec, const agent_context& context) const override {
    auto command = read_command(spec);
    if (!command)
      return tl::unexpected<error>(command.error());
    auto own = context;
    if (!own.log)
      own.log = spdlog::default_logger();
    return caf::actor_cast<agent_actor>(
        context.system->spawn(process_agent, spec, std::move(own), std::move(*command), port_));
  }

private:
  std::shared_ptr<process_port> port_;
};

} // namespace

std::shared_ptr<const agent_factory> make_process_agents(std::shared_ptr<process_port> port) {
  return std::make_shared<process_kind>(std::move(port));
}

} // namespace troupe

#include "bench/floor_caf.hpp"

#include "bench/stopwatch.hpp"
#include "bench/teams.hpp"
#include "bench/worker_process.hpp"

#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace troupe::bench {

namespace {

struct begin_asking {};

} // namespace

} // namespace troupe::bench

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::bench::begin_asking)

namespace troupe::bench {

namespace {

constexpr auto patience = std::chrono::seconds{120};

using asker_actor = caf::typed_actor<caf::replies_to<begin_asking>::with<double>>;

v1::Task task_of(uint32_t number) {
  v1::Task task;
  task.set_run_id("01h2xcejqtf2nbrexx3vqjhp41");
  task.set_task(number);
  task.set_attempt(1);
  task.set_epoch(1);
  task.set_agent("noop");
  task.mutable_input()->set_data("7");
  return task;
}

v1::TaskResult answer_to(const v1::Task& task) {
  v1::TaskResult out;
  out.set_run_id(task.run_id());
  out.set_task(task.task());
  out.set_attempt(task.attempt());
  out.set_epoch(task.epoch());
  out.set_status(v1::TASK_STATUS_SUCCESS);
  out.mutable_output()->set_data("null");
  return out;
}

agent_actor::behavior_type answerer(agent_actor::pointer self) {
  return {
      [self](const v1::Task& task) {
        if (task.priority() < 0)
          self->quit(caf::exit_reason::kill);
        return answer_to(task);
      },
      [](const v1::CancelTask&) {},
  };
}

struct asker_state {
  size_t to_send = 0;
  size_t open = 0;
  uint32_t next = 0;
  stopwatch watch;
  caf::typed_response_promise<double> promise;
};

asker_actor::behavior_type asker(asker_actor::stateful_pointer<asker_state> self, std::vector<agent_actor> whom,
                                 size_t count, size_t at_once) {
  self->state.to_send = count;
  auto ask = std::make_shared<std::function<void()>>();
  *ask = [self, whom, weak = std::weak_ptr{ask}] {
    auto& st = self->state;
    --st.to_send;
    ++st.open;
    auto& to = whom[st.next % whom.size()];
    self->request(to, patience, task_of(st.next++))
        .then(
            [self, again = weak.lock()](const v1::TaskResult&) {
              auto& state = self->state;
              --state.open;
              if (state.to_send > 0) {
                (*again)();
              } else if (state.open == 0) {
                state.promise.deliver(state.watch.seconds());
                self->quit();
              }
            },
            [self](const caf::error& why) {
              self->state.promise.deliver(why);
              self->quit();
            });
  };
  return {
      [self, ask, at_once](begin_asking) -> caf::result<double> {
        self->state.promise = self->make_response_promise<double>();
        self->state.watch = {};
        for (size_t i = 0; i < at_once && self->state.to_send > 0; ++i)
          (*ask)();
        return self->state.promise;
      },
  };
}

double run_asker(caf::actor_system& system, std::vector<agent_actor> whom, size_t count, size_t at_once) {
  caf::scoped_actor self{system};
  auto who = system.spawn(asker, std::move(whom), count, at_once);
  double out = 0;
  self->request(who, patience, begin_asking{})
      .receive([&](double x) { out = x; },
               [&](const caf::error& why) { throw std::runtime_error("plain CAF: " + system.render(why)); });
  return out;
}

void prepare(caf::actor_system_config& config, const std::string& policy) {
  config.add_message_types<caf::id_block::troupe>();
  config.set("scheduler.max-threads", size_t{2});
  config.set("scheduler.policy", caf::atom_from_string(policy));
}

} // namespace

plain_caf::plain_caf(const std::string& policy) {
  prepare(config_, policy);
  system_ = std::make_unique<caf::actor_system>(config_);
}

double plain_caf::ask(size_t count, size_t at_once) {
  auto one = system_->spawn(answerer);
  auto out = run_asker(*system_, {one}, count, at_once);
  caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  return out;
}

double plain_caf::fan(size_t count) {
  std::vector<agent_actor> all;
  for (size_t i = 0; i < count; ++i)
    all.push_back(system_->spawn(answerer));
  auto out = run_asker(*system_, all, count, count);
  for (auto& x : all)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  return out;
}

double plain_caf::relay(size_t count, const std::string& document) {
  caf::scoped_actor self{*system_};
  using member = caf::typed_actor<caf::reacts_to<std::string>, caf::reacts_to<caf::strong_actor_ptr>>;
  struct member_state {
    caf::strong_actor_ptr next;
  };
  auto behavior = [count, done = caf::actor{self}](member::stateful_pointer<member_state> me) -> member::behavior_type {
    return {
        [me, count, done](const std::string& text) {
          auto x = json::parse(text);
          revise(x);
          auto last = x["revision"].get<size_t>() == count;
          auto printed = x.dump();
          if (last)
            caf::anon_send(done, std::move(printed));
          else
            me->send(caf::actor_cast<member>(me->state.next), std::move(printed));
        },
        [me](const caf::strong_actor_ptr& next) { me->state.next = next; },
    };
  };
  std::vector<member> team;
  for (int i = 0; i < 4; ++i)
    team.push_back(system_->spawn(behavior));
  for (size_t i = 0; i < team.size(); ++i)
    self->send(team[i], caf::actor_cast<caf::strong_actor_ptr>(team[(i + 1) % team.size()]));
  stopwatch watch;
  self->send(team.front(), document);
  double out = 0;
  self->receive([&](const std::string&) { out = watch.seconds(); });
  // They hold each other.
  for (auto& x : team)
    self->send(x, caf::strong_actor_ptr{});
  for (auto& x : team)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  return out;
}

double plain_caf::idle(size_t count, const std::function<void()>& then) {
  std::vector<agent_actor> all;
  all.reserve(count);
  stopwatch watch;
  for (size_t i = 0; i < count; ++i)
    all.push_back(system_->spawn(answerer));
  auto out = watch.seconds();
  then();
  for (auto& x : all)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  return out;
}

double plain_caf::crash_and_ask() {
  caf::scoped_actor self{*system_};
  // The least supervisor there can be: waits for the end, spawns the next one and asks it.
  auto child = system_->spawn(answerer);
  self->monitor(child);
  auto poison = task_of(1);
  poison.set_priority(-1);
  stopwatch watch;
  self->send(child, poison);
  bool down = false;
  double out = 0;
  self->receive_while([&] { return !down; })([&](const caf::down_msg&) { down = true; }, [](const v1::TaskResult&) {});
  auto next = system_->spawn(answerer);
  self->request(next, patience, task_of(2))
      .receive([&](const v1::TaskResult&) { out = watch.seconds(); },
               [](const caf::error&) { throw std::runtime_error("plain CAF: no answer"); });
  caf::anon_send_exit(next, caf::exit_reason::user_shutdown);
  return out;
}

struct remote_caf::impl {
  caf::actor_system_config config;
  std::vector<std::unique_ptr<child>> children;
  std::unique_ptr<caf::actor_system> system;
  std::vector<agent_actor> servers;
};

remote_caf::remote_caf() : impl_{std::make_unique<impl>()} {
  prepare(impl_->config, "stealing");
  impl_->config.load<caf::io::middleman>();
  impl_->system = std::make_unique<caf::actor_system>(impl_->config);
  for (int i = 0; i < 2; ++i) {
    impl_->children.push_back(std::make_unique<child>(std::vector<std::string>{"--plain-caf"}));
    auto port = static_cast<uint16_t>(std::stoi(impl_->children.back()->first_line()));
    auto server = impl_->system->middleman().remote_actor<agent_actor>("127.0.0.1", port);
    if (!server)
      throw std::runtime_error("plain CAF: cannot reach its own child");
    impl_->servers.push_back(*server);
  }
}

remote_caf::~remote_caf() {
  impl_->servers.clear();
}

double remote_caf::ask(size_t count, size_t at_once) {
  return run_asker(*impl_->system, {impl_->servers.front()}, count, at_once);
}

double remote_caf::fan(size_t count) {
  return run_asker(*impl_->system, impl_->servers, count, count);
}

int plain_caf_main() {
  caf::actor_system_config config;
  prepare(config, "stealing");
  config.load<caf::io::middleman>();
  caf::actor_system system{config};
  auto server = system.spawn(answerer);
  auto port = system.middleman().publish(server, 0, "127.0.0.1");
  if (!port)
    return 1;
  std::printf("%u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  await_end_of_parent();
  ::_exit(0);
}

} // namespace troupe::bench

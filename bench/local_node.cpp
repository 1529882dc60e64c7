#include "bench/local_node.hpp"

#include "bench/stopwatch.hpp"
#include "bench/workflows.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace troupe::bench {

namespace {

constexpr auto patience = std::chrono::seconds{120};

struct tell_when_done {};

} // namespace

} // namespace troupe::bench

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::bench::tell_when_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::bench::task_times)

namespace troupe::bench {

namespace {

using sender_actor = task_owner_actor::extend<caf::replies_to<tell_when_done>::with<task_times>>;

struct sender_state {
  size_t to_send = 0;
  size_t open = 0;
  uint32_t next = 0;
  std::vector<std::chrono::steady_clock::time_point> began;
  task_times result;
  stopwatch watch;
  caf::typed_response_promise<task_times> promise;
};

/// Plays a run coordinator: keeps so many tasks outstanding.
sender_actor::behavior_type sender(sender_actor::stateful_pointer<sender_state> self, dispatcher_actor dispatcher,
                                   v1::AgentSpec agent, size_t count, size_t at_once, std::string side) {
  self->state.to_send = count;
  self->state.began.resize(count);
  self->state.result.each.reserve(count);
  auto fill = [run = "01h2xcejqtf2nbrexx3vqjhp41-" + std::to_string(self->id()), agent,
               side](v1::Task& task, uint32_t number, uint32_t attempt) {
    task.set_run_id(run);
    task.set_task(number);
    task.set_attempt(attempt);
    task.set_epoch(1);
    task.set_step("all[7]");
    task.set_agent(agent.name());
    task.set_agent_hash(agent.hash());
    task.set_idempotency_key(run + "/" + std::to_string(number));
    task.mutable_input()->set_data("7");
    task.set_timeout_ms(600'000);
    if (!side.empty()) {
      auto* label = task.add_placement();
      label->set_key("side");
      label->set_value(side);
    }
  };
  auto more = [self, dispatcher, agent, fill](size_t n) {
    auto& st = self->state;
    task_batch batch;
    for (; n > 0 && st.to_send > 0; --n, --st.to_send, ++st.open) {
      auto task = std::make_shared<v1::Task>();
      fill(*task, st.next, 1);
      batch.tasks.push_back(std::move(task));
      st.began[st.next++] = std::chrono::steady_clock::now();
    }
    if (batch.tasks.empty())
      return;
    if (st.next == batch.tasks.size())
      batch.agents.push_back(std::make_shared<const v1::AgentSpec>(agent));
    self->send(dispatcher, std::move(batch), task_owner_actor{self});
  };
  return {
      [self, more, fill, dispatcher](const v1::ResultBatch& batch) {
        auto& st = self->state;
        if (batch.results_size() == 1 && batch.results(0).error().code() == v1::ERROR_CODE_AGENT_CRASHED
            && batch.results(0).attempt() == 1) {
          task_batch again;
          auto task = std::make_shared<v1::Task>();
          fill(*task, batch.results(0).task(), 2);
          again.tasks.push_back(std::move(task));
          self->send(dispatcher, std::move(again), task_owner_actor{self});
          return;
        }
        auto now = std::chrono::steady_clock::now();
        for (const auto& x : batch.results()) {
          st.result.each.push_back(std::chrono::duration<double>(now - st.began[x.task()]).count());
          --st.open;
          if (x.status() != v1::TASK_STATUS_SUCCESS)
            throw std::runtime_error("a task of the bench failed: " + x.error().message());
        }
        more(static_cast<size_t>(batch.results_size()));
        if (st.open == 0 && st.to_send == 0) {
          st.result.seconds = st.watch.seconds();
          st.promise.deliver(std::move(st.result));
          self->quit();
        }
      },
      [](const v1::ProgressBatch&) {},
      [](const v1::OpBatch&) {},
      [](const v1::TaskLost& x) { throw std::runtime_error("a task of the bench was lost: " + x.reason()); },
      [self, more, at_once](tell_when_done) -> caf::result<task_times> {
        self->state.promise = self->make_response_promise<task_times>();
        self->state.watch = {};
        more(at_once);
        return self->state.promise;
      },
  };
}

using submitter_actor = run_watcher_actor::extend<caf::replies_to<tell_when_done>::with<task_times>>;

struct submitter_state {
  size_t to_submit = 0;
  size_t open = 0;
  stopwatch watch;
  caf::typed_response_promise<task_times> promise;
};

submitter_actor::behavior_type submitter(submitter_actor::stateful_pointer<submitter_state> self,
                                         coordinator_actor coordinator, v1::SubmitRun run, size_t count,
                                         size_t at_once) {
  self->state.to_submit = count;
  auto failed = [self](const caf::error& why) {
    self->state.promise.deliver(why);
    self->quit();
  };
  auto submit = [self, coordinator, run, failed] {
    auto& st = self->state;
    if (st.to_submit == 0)
      return;
    --st.to_submit;
    ++st.open;
    self->request(coordinator, patience, run)
        .then(
            [self, coordinator, failed](const v1::RunAccepted& x) {
              v1::WatchRun watch;
              watch.set_run_id(x.run_id());
              watch.set_only_the_end(true);
              self->request(coordinator, patience, watch, run_watcher_actor{self})
                  .then([](const v1::RunSummary&) {}, failed);
            },
            failed);
  };
  return {
      [self, submit](const v1::RunUpdate& update) {
        if (!update.has_run_finished())
          return;
        auto& st = self->state;
        if (update.run_finished().summary().state() != v1::RUN_STATE_SUCCEEDED)
          throw std::runtime_error("a run of the bench failed: " + update.run_finished().error().message());
        --st.open;
        submit();
        if (st.open == 0) {
          st.promise.deliver(task_times{st.watch.seconds(), {}, update.run_finished().output()});
          self->quit();
        }
      },
      [self, submit, at_once](tell_when_done) -> caf::result<task_times> {
        self->state.promise = self->make_response_promise<task_times>();
        self->state.watch = {};
        for (size_t i = 0; i < at_once; ++i)
          submit();
        return self->state.promise;
      },
  };
}

template <class Handle>
task_times await(local_node& at, const Handle& who) {
  caf::scoped_actor self{at.system()};
  task_times out;
  self->request(who, patience, tell_when_done{})
      .receive([&](task_times& x) { out = std::move(x); },
               [&](const caf::error& why) {
                 throw std::runtime_error("the bench's own actor ended: " + caf::to_string(why));
               });
  return out;
}

task_times run(local_node& at, const std::string& definition, const std::string& input, size_t count, size_t at_once) {
  v1::SubmitRun request;
  request.set_definition(definition);
  request.set_input(input);
  return await(at, at.system().spawn(submitter, at.coordinator(), std::move(request), count, at_once));
}

} // namespace

local_node::local_node(const options& how) {
  node_config config;
  config.name = "bench";
  config.coordinator = true;
  config.worker = how.worker;
  config.listen = "127.0.0.1:0";
  config.capacity = how.capacity;
  config.labels = {{"side", "here"}};
  config.log_level = "error";
  config.grace = milliseconds{1'000};
  if (how.durable) {
    auto pattern = data_folder_pattern();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("no folder for a journal");
    folder_ = pattern;
    config.data = folder_.string();
  }
  node_extensions extensions;
  extensions.catalog = add_agents;
  auto started = node::start(std::move(config), std::move(extensions));
  if (!started)
    throw std::runtime_error(started.error().message);
  node_ = std::move(*started);
  for (size_t i = 0; i < how.workers; ++i)
    workers_.push_back(std::make_unique<child>(
        std::vector<std::string>{"--worker", node_->listen_address(), "worker-" + std::to_string(i + 1)}));
  await_nodes(how.workers + (how.worker ? 1 : 0));
}

local_node::~local_node() {
  workers_.clear();
  node_->stop();
  node_.reset();
  std::error_code ignored;
  if (!folder_.empty())
    std::filesystem::remove_all(folder_, ignored);
}

void local_node::await_nodes(size_t count) {
  caf::scoped_actor self{system()};
  for (stopwatch watch; watch.seconds() < 30; std::this_thread::sleep_for(milliseconds{20})) {
    size_t up = 0;
    self->request(directory().find(&node_directory::registry), std::chrono::seconds{5}, v1::ListNodes{})
        .receive(
            [&](const v1::NodeList& nodes) {
              for (const auto& x : nodes.nodes())
                up += x.state() == v1::NODE_STATE_UP ? 1 : 0;
            },
            [](const caf::error&) {});
    if (up == count)
      return;
  }
  throw std::runtime_error("the worker processes did not join");
}

double run_once(local_node& at, const std::string& definition, const std::string& input) {
  return run_many(at, definition, input, 1, 1);
}

json run_and_read(local_node& at, const std::string& definition, const std::string& input) {
  return json::parse(run(at, definition, input, 1, 1).output);
}

double run_many(local_node& at, const std::string& definition, const std::string& input, size_t count, size_t at_once) {
  return run(at, definition, input, count, at_once).seconds;
}

task_times send_tasks(local_node& at, size_t count, size_t at_once, const v1::AgentSpec& agent,
                      const std::string& side) {
  return await(at, at.system().spawn(sender, at.dispatcher(), agent, count, at_once, side));
}

double crash_and_ask(local_node& at, const v1::AgentSpec& agent) {
  return send_tasks(at, 1, 1, agent).seconds;
}

} // namespace troupe::bench

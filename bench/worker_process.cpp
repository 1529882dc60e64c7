#include "bench/worker_process.hpp"

#include "actors/agents/agent_catalog.hpp"
#include "bench/teams.hpp"
#include "nodes/node/node.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace troupe::bench {

namespace {

constexpr std::chrono::milliseconds nap{100};

v1::TaskResult done(const v1::Task& task) {
  auto out = result_for(task);
  out.set_status(v1::TASK_STATUS_SUCCESS);
  out.mutable_output()->set_data("null");
  return out;
}

/// Of an actor that is asleep, and not of a thread that is.
struct sleeper_state {
  struct waiting {
    v1::TaskResult result;
    caf::typed_response_promise<v1::TaskResult> promise;
  };
  std::deque<waiting> all;
};

struct nap_over {};

} // namespace

} // namespace troupe::bench

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::bench::nap_over)

namespace troupe::bench {

namespace {

using napping_actor = agent_actor::extend<caf::reacts_to<nap_over>>;

napping_actor::behavior_type sleeper(napping_actor::stateful_pointer<sleeper_state> self) {
  return {
      [self](const v1::Task& task) -> caf::result<v1::TaskResult> {
        auto promise = self->make_response_promise<v1::TaskResult>();
        self->state.all.push_back({done(task), promise});
        self->delayed_send(self, nap, nap_over{});
        return promise;
      },
      [](const v1::CancelTask&) {},
      [self](nap_over) {
        auto first = std::move(self->state.all.front());
        self->state.all.pop_front();
        first.promise.deliver(std::move(first.result));
      },
  };
}

} // namespace

void add_agents(agent_catalog& catalog) {
  catalog.functions().add("noop", [](const task_input&) -> result<task_output> { return json{}; });
  catalog.functions().add("crasher", [](const task_input& in) -> result<task_output> {
    if (in.attempt() == 1)
      throw std::runtime_error("crashes as it is told");
    return json{};
  });
  add_team_agents(catalog);
  catalog.add_actor("sleeper", [](const v1::AgentSpec&, const agent_context& context) -> result<agent_actor> {
    return caf::actor_cast<agent_actor>(context.system->spawn(sleeper));
  });
}

child::child(const std::vector<std::string>& arguments) {
  int input[2];
  int output[2];
  if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe for a child process");
  std::vector<std::string> words{"/proc/self/exe"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  // The child holds the reading end of our pipe as its standard input: when we are gone, it reads the end.
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(input[0], 0);
    ::dup2(output[1], 1);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  ::close(input[0]);
  ::close(output[1]);
  output_ = output[0];
  input_ = input[1];
  if (pid_ < 0)
    throw std::runtime_error("no child process");
}

child::~child() {
  ::close(input_);
  ::close(output_);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string child::first_line() {
  std::string out;
  char c = 0;
  while (::read(output_, &c, 1) == 1 && c != '\n')
    out += c;
  return out;
}

std::string data_folder_pattern() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench-data-XXXXXX").string();
}

void await_end_of_parent() {
  char c = 0;
  while (::read(0, &c, 1) > 0) {
  }
}

int worker_main(const std::string& address, const std::string& name) {
  node_config config;
  config.name = name;
  config.worker = true;
  config.join = {address};
  config.capacity = 4'096;
  config.labels = {{"side", name}};
  config.log_level = "error";
  node_extensions extensions;
  extensions.catalog = add_agents;
  auto started = node::start(config, extensions);
  if (!started) {
    std::fprintf(stderr, "bench worker: %s\n", started.error().message.c_str());
    return 1;
  }
  await_end_of_parent();
  ::_exit(0);
}

} // namespace troupe::bench

#include "actors/agents/process_agent.hpp"

#include "actors/agents/child_process.hpp"
#include "actors/agents/process_io.hpp"
#include "tests/actors/agents/agent_samples.hpp"
#include "tests/actors/agents/threaded_fixture.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe {
namespace {

using test::make_cancel;
using test::make_spec;
using test::make_task;

/// Lets a test wait for the end of a process that is no child of its own.
class watched_process {
public:
  explicit watched_process(pid_t pid) : fd_{static_cast<int>(syscall(SYS_pidfd_open, pid, 0u))} {}

  watched_process(const watched_process&) = delete;
  watched_process& operator=(const watched_process&) = delete;

  ~watched_process() {
    if (fd_ >= 0)
      close(fd_);
  }

  bool ends() const {
    pollfd x{fd_, POLLIN, 0};
    return fd_ < 0 || poll(&x, 1, 20'000) == 1;
  }

private:
  int fd_;
};

/// Keeps the first line that is logged.
struct line_catcher final : spdlog::sinks::base_sink<std::mutex> {
  std::promise<std::string> first;
  bool had = false;

  void sink_it_(const spdlog::details::log_msg& msg) override {
    if (!std::exchange(had, true))
      first.set_value(std::string{msg.payload.data(), msg.payload.size()});
  }

  void flush_() override {}
};

/// Reads a request's task_id and input into $id and $input. The input of these tests is always a text.
constexpr const char* preamble = R"sh(
next() {
  read -r line || exit 0
  id=$(printf '%s' "$line" | sed 's/.*"task_id":"\([^"]*\)".*/\1/')
  input=$(printf '%s' "$line" | sed 's/.*"input":"\([^"]*\)".*/\1/')
}
answer() { printf '{"task_id": "%s", "output": "%s"}\n' "$id" "$1"; }
progress() { printf '{"task_id": "%s", "progress": "%s"}\n' "$id" "$1"; }
)sh";

struct process_agent_test : test::threaded_fixture {
  std::filesystem::path folder = make_folder();
  std::shared_ptr<process_port> port = make_process_io();
  agent_context context;
  progress_sink_actor progress_sink;

  process_agent_test() {
    context.system = &sys;
    context.log = std::make_shared<spdlog::logger>("quiet");
    progress_sink = sys.spawn([to = caf::actor_cast<caf::actor>(self)]() -> progress_sink_actor::behavior_type {
      return {[to](const v1::TaskProgress& x) { caf::anon_send(to, x); }};
    });
    context.progress = progress_sink;
  }

  ~process_agent_test() override {
    context.progress = nullptr;
    stop(progress_sink);
    port.reset();
    std::filesystem::remove_all(folder);
  }

  static std::filesystem::path make_folder() {
    auto name = (std::filesystem::temp_directory_path() / "troupe-process-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error("no temporary folder");
    return name;
  }

  /// An agent that is a shell script.
  agent_actor spawn(const std::string& script, uint32_t concurrency = 1, const std::string& more = "") {
    auto path = folder / "agent.sh";
    std::ofstream{path} << preamble << script;
    auto out = make_process_agents(port)->spawn(
        make_spec("a", "process", "{\"command\": [\"sh\", \"" + path.string() + "\"]" + more + "}", concurrency),
        context);
    if (!out)
      throw std::runtime_error(out.error().message);
    return *out;
  }

  void submit(const agent_actor& agent, uint32_t number, const std::string& input, uint32_t timeout_ms = 0) {
    auto task = make_task(number, "\"" + input + "\"");
    task.set_timeout_ms(timeout_ms);
    self->send(agent, std::move(task));
  }

  v1::TaskResult next_result() {
    auto out = next<v1::TaskResult>();
    return out ? *out : v1::TaskResult{};
  }

  /// What the script tells as progress: the id of a process.
  pid_t next_pid() {
    auto news = next<v1::TaskProgress>();
    return news ? static_cast<pid_t>(std::stol(news->note())) : -1;
  }
};

TEST_F(process_agent_test, answers_in_any_order) {
  auto agent = spawn(R"(
next; first=$id; a=$input
next; answer "$input"
id=$first; answer "$a"
next)",
                     2);
  submit(agent, 1, "one");
  submit(agent, 2, "two");
  EXPECT_EQ(next_result().output().data(), "\"two\"");
  auto second = next_result();
  EXPECT_EQ(second.task(), 1u);
  EXPECT_EQ(second.output().data(), "\"one\"");
  stop(agent);
}

TEST_F(process_agent_test, reports_progress) {
  auto agent = spawn("next; progress reading; answer done; next");
  submit(agent, 1, "x");
  auto news = next<v1::TaskProgress>();
  ASSERT_TRUE(news);
  EXPECT_EQ(news->note(), "reading");
  EXPECT_EQ(news->task(), 1u);
  EXPECT_EQ(next_result().output().data(), "\"done\"");
  stop(agent);
}

TEST_F(process_agent_test, comes_back_after_a_crash) {
  auto agent = spawn("while next; do [ \"$input\" = die ] && exit 3; answer \"$input\"; done");
  submit(agent, 1, "die");
  auto crashed = next_result();
  EXPECT_EQ(crashed.error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_TRUE(crashed.error().retryable());
  EXPECT_NE(crashed.error().message().find("status 3"), std::string::npos) << crashed.error().message();
  submit(agent, 2, "live");
  EXPECT_EQ(next_result().output().data(), "\"live\"");
  stop(agent);
}

TEST_F(process_agent_test, tells_the_last_line_of_standard_error_of_a_process_that_ended) {
  auto agent = spawn("next; echo at line 7 >&2; echo \"KeyError: 'x'\" >&2; echo >&2; exit 1");
  submit(agent, 1, "x");
  EXPECT_EQ(next_result().error().message(),
            "agent crashed: the process ended with status 1; it said last: KeyError: 'x'");
  stop(agent);
}

TEST_F(process_agent_test, counts_what_was_said_before_the_end) {
  auto agent = spawn("next; answer last; exit 0");
  submit(agent, 1, "x");
  EXPECT_EQ(next_result().output().data(), "\"last\"");
  stop(agent);
}

TEST_F(process_agent_test, passes_over_garbage) {
  auto agent = spawn("next; echo hello; echo '{\"task_id\": \"r9/9\", \"output\": 1}'; answer done; next");
  submit(agent, 1, "x");
  EXPECT_EQ(next_result().output().data(), "\"done\"");
  stop(agent);
}

TEST_F(process_agent_test, gives_up_on_a_process_that_does_not_read) {
  std::promise<std::string> broken;
  auto id = port->start(
      {.argv = {"sleep", "60"}, .most_unread = 64 * 1'024},
      [&](const process_event::any& x) {
        if (const auto* event = std::get_if<process_event::broken>(&x))
          broken.set_value(event->what);
      },
      [](std::string_view) {});
  // A pipe takes some of it.
  for (int i = 0; i < 200; ++i)
    port->write(id, std::string(4'096, 'x'));
  auto heard = broken.get_future();
  ASSERT_EQ(heard.wait_for(test::patience), std::future_status::ready);
  EXPECT_EQ(heard.get(), "does not read its input");
  port->terminate(id);
}

TEST_F(process_agent_test, ends_the_whole_group_when_a_task_takes_too_long) {
  auto agent = spawn(R"(
while next; do
  [ "$input" = quick ] && answer quick && continue
  sleep 1000 &
  progress $!
  wait
done)");
  submit(agent, 1, "hang", 2'000);
  watched_process grandchild{next_pid()};
  auto late = next_result();
  EXPECT_EQ(late.status(), v1::TASK_STATUS_TIMED_OUT);
  EXPECT_TRUE(grandchild.ends());
  submit(agent, 2, "quick");
  EXPECT_EQ(next_result().output().data(), "\"quick\"");
  stop(agent);
}

TEST_F(process_agent_test, ends_the_whole_group_on_cancel_even_when_it_ignores_the_request) {
  auto agent = spawn(R"(
trap '' TERM
next
sleep 1000 &
progress $!
progress $$
wait
while :; do sleep 1000; done)",
                     2);
  submit(agent, 1, "x");
  watched_process grandchild{next_pid()};
  watched_process leader{next_pid()};
  submit(agent, 2, "y");
  self->send(agent, make_cancel(1));
  auto cancelled = next_result();
  EXPECT_EQ(cancelled.task(), 1u);
  EXPECT_EQ(cancelled.status(), v1::TASK_STATUS_CANCELLED);
  auto neighbour = next_result();
  EXPECT_EQ(neighbour.status(), v1::TASK_STATUS_CANCELLED) << "given back, to be sent again";
  EXPECT_TRUE(leader.ends());
  EXPECT_TRUE(grandchild.ends());
  stop(agent);
}

TEST_F(process_agent_test, ends_its_process_when_it_ends_itself) {
  auto agent = spawn("next; progress $$; next");
  submit(agent, 1, "x");
  watched_process leader{next_pid()};
  stop(agent);
  EXPECT_TRUE(leader.ends());
}

TEST_F(process_agent_test, fails_the_task_whose_answer_is_too_long) {
  auto agent = spawn(R"(
next; head -c 17000000 /dev/zero | tr '\0' x; echo
next; answer short
next)");
  submit(agent, 1, "x");
  EXPECT_EQ(next_result().error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  submit(agent, 2, "x");
  EXPECT_EQ(next_result().output().data(), "\"short\"");
  stop(agent);
}

TEST_F(process_agent_test, carries_large_inputs_and_outputs) {
  auto agent = spawn("while next; do answer \"$input\"; done");
  std::string large(300'000, 'x');
  submit(agent, 1, large);
  EXPECT_EQ(next_result().output().data().size(), large.size() + 2);
  stop(agent);
}

TEST_F(process_agent_test, notices_a_process_that_closes_its_output) {
  auto agent = spawn("next; exec >&-; next; next");
  submit(agent, 1, "x");
  auto out = next_result();
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_NE(out.error().message().find("closed its output"), std::string::npos) << out.error().message();
  stop(agent);
}

TEST_F(process_agent_test, passes_environment_and_folder_and_no_open_files) {
  auto source = open("/dev/null", O_RDONLY);
  auto leak = dup2(source, 77);
  auto agent = spawn(R"(
next
[ -e /proc/self/fd/77 ] && leak=yes || leak=no
answer "$GREETING $(pwd) $leak"
next)",
                     1, ", \"env\": {\"GREETING\": \"hello\"}, \"cwd\": \"/\"");
  submit(agent, 1, "x");
  EXPECT_EQ(next_result().output().data(), "\"hello / no\"");
  stop(agent);
  close(leak);
  close(source);
}

TEST_F(process_agent_test, logs_what_the_process_says_on_its_standard_error) {
  auto lines = std::make_shared<line_catcher>();
  context.log = std::make_shared<spdlog::logger>("test", lines);
  auto agent = spawn("next; echo 'out of paper' >&2; answer done; next");
  submit(agent, 1, "x");
  auto line = lines->first.get_future();
  ASSERT_EQ(line.wait_for(deadline), std::future_status::ready);
  EXPECT_EQ(line.get(), "agent a says: out of paper");
  EXPECT_EQ(next_result().output().data(), "\"done\"");
  stop(agent);
}

TEST_F(process_agent_test, says_why_a_program_cannot_be_started) {
  auto agent =
      make_process_agents(port)->spawn(make_spec("a", "process", R"({"command": ["no-such-program"]})"), context);
  ASSERT_TRUE(agent);
  submit(*agent, 1, "x");
  auto out = next_result();
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_NE(out.error().message().find("No such file"), std::string::npos) << out.error().message();
  stop(*agent);
}

TEST_F(process_agent_test, refuses_settings_that_are_no_command) {
  for (auto* settings : {"{}", R"({"command": []})", R"({"command": [""]})", R"({"command": [1]})",
                         R"({"command": ["x\u0000y"]})", R"({"command": ["x"], "env": {"A=B": "c"}})",
                         R"({"command": ["x"], "env": [1]})", R"({"command": ["x"], "cwd": 1})"}) {
    auto out = make_process_agents(port)->spawn(make_spec("a", "process", settings), context);
    ASSERT_FALSE(out) << settings;
    EXPECT_EQ(out.error().code, v1::ERROR_CODE_INVALID_INPUT);
  }
}

TEST(child_process, dies_with_the_thread_that_started_it) {
  result<child_process> child = fail(v1::ERROR_CODE_INTERNAL, "not started");
  std::thread{[&] { child = start_child_process({.argv = {"sleep", "1000"}}); }}.join();
  ASSERT_TRUE(child);
  pollfd x{child->pidfd, POLLIN, 0};
  EXPECT_EQ(poll(&x, 1, 20'000), 1);
  int status = 0;
  waitpid(child->pid, &status, 0);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  for (auto fd : {child->pidfd, child->in, child->out, child->err})
    close(fd);
}

} // namespace
} // namespace troupe

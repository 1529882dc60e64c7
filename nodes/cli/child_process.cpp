#include "nodes/cli/child_process.hpp"
#include "nodes/cli/steady_time.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

namespace troupe::cli {

namespace {

/// In the child, between fork and exec: nothing but system calls.
[[noreturn]] void become(char* const* argv, int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The parent may have died before the line above.
  if (getppid() != parent)
    _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  // A group of its own: Ctrl-C on the terminal is for the parent, which stops its children in order.
  setpgid(0, 0);
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  execv(argv[0], argv);
  _exit(127);
}

} // namespace

result<child_process> child_process::spawn(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& x : arguments)
    argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, fmt::format("no pipe for a child: {}", std::strerror(errno)));
  auto parent = getpid();
  auto pid = fork();
  if (pid == 0)
    become(argv.data(), ends[1], parent);
  auto reason = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, fmt::format("no child process: {}", std::strerror(reason)));
  }
  auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  return child_process{pid, pidfd, ends[0]};
}

child_process::child_process(pid_t pid, int pidfd, int output) : pid_(pid), pidfd_(pidfd), output_(output) {
  // nop
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::exchange(other.pidfd_, -1)),
      output_(std::exchange(other.output_, -1)), end_(std::move(other.end_)) {
  // nop
}

child_process& child_process::operator=(child_process&& other) noexcept {
  if (this != &other) {
    close_all();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::exchange(other.pidfd_, -1);
    output_ = std::exchange(other.output_, -1);
    end_ = std::move(other.end_);
  }
  return *this;
}

child_process::~child_process() {
  close_all();
}

void child_process::close_all() {
  if (pid_ > 0 && !poll()) {
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (auto* descriptor : {&pidfd_, &output_}) {
    if (*descriptor >= 0)
      close(*descriptor);
    *descriptor = -1;
  }
  pid_ = -1;
}

std::optional<std::string> child_process::read_line(int timeout_ms) {
  constexpr size_t longest_line = 4'096;
  auto until = steady_now_ms() + timeout_ms;
  std::string line;
  while (line.size() < longest_line) {
    auto left = until - steady_now_ms();
    if (left <= 0)
      return std::nullopt;
    pollfd waiting{output_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left)) <= 0)
      continue;
    char c = 0;
    auto count = read(output_, &c, 1);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return std::nullopt;
    if (c == '\n')
      return line;
    line += c;
  }
  return std::nullopt;
}

void child_process::signal(int number) const {
  if (pid_ > 0 && !end_)
    kill(pid_, number);
}

std::optional<std::string> child_process::poll() {
  if (end_ || pid_ < 0)
    return end_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_)
    return std::nullopt;
  if (WIFSIGNALED(status))
    end_ = fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else
    end_ = fmt::format("exit code {}", WEXITSTATUS(status));
  return end_;
}

bool child_process::wait(int timeout_ms) {
  auto until = steady_now_ms() + timeout_ms;
  while (!poll()) {
    auto left = until - steady_now_ms();
    if (left <= 0)
      return false;
    // Without a pidfd (an old kernel): look again soon.
    pollfd waiting{pidfd_, POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(pidfd_ >= 0 ? left : std::min<int64_t>(left, 20)));
  }
  return true;
}

} // namespace troupe::cli

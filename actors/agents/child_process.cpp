#include "actors/agents/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe {

namespace {

class pipe_pair {
public:
  pipe_pair() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0)
      ends_ = {-1, -1};
  }

  pipe_pair(const pipe_pair&) = delete;
  pipe_pair& operator=(const pipe_pair&) = delete;

  ~pipe_pair() {
    close_end(0);
    close_end(1);
  }

  bool good() const {
    return ends_[0] >= 0;
  }

  int reader() const {
    return ends_[0];
  }

  int writer() const {
    return ends_[1];
  }

  void close_end(size_t which) {
    if (ends_[which] >= 0)
      close(ends_[which]);
    ends_[which] = -1;
  }

  int release(size_t which) {
    auto out = ends_[which];
    ends_[which] = -1;
    return out;
  }

private:
  std::array<int, 2> ends_ = {-1, -1};
};

tl::unexpected<error> system_error(const std::string& what, int code) {
  return fail(v1::ERROR_CODE_UNAVAILABLE, what + ": " + std::strerror(code), true);
}

bool is_program(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

/// Looked up before the fork: a child between fork and exec must not allocate.
std::string find_program(const process_command& command) {
  auto& name = command.argv.front();
  if (name.find('/') != std::string::npos)
    return name;
  auto set = command.env.find("PATH");
  auto* inherited = getenv("PATH");
  std::string path = set != command.env.end() ? set->second : inherited ? inherited : "/usr/bin:/bin";
  for (size_t begin = 0; begin <= path.size();) {
    auto end = path.find(':', begin);
    if (end == std::string::npos)
      end = path.size();
    auto candidate = (end == begin ? "." : path.substr(begin, end - begin)) + "/" + name;
    if (is_program(candidate))
      return candidate;
    begin = end + 1;
  }
  return {};
}

std::vector<std::string> make_environment(const process_command& command) {
  std::vector<std::string> out;
  for (char** entry = environ; entry && *entry; ++entry) {
    std::string text = *entry;
    if (!command.env.contains(text.substr(0, text.find('='))))
      out.push_back(std::move(text));
  }
  for (auto& [key, value] : command.env)
    out.push_back(key + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// Runs in the child: only async-signal-safe calls from here to exec.
[[noreturn]] void become(const char* program, char* const* argv, char* const* env, const char* cwd, int in, int out,
                         int err, int report, pid_t parent) {
  auto give_up = [report] {
    int code = errno;
    [[maybe_unused]] auto n = write(report, &code, sizeof code);
    _exit(127);
  };
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above.
  if (getppid() != parent)
    _exit(127);
  for (int number = 1; number < NSIG; ++number)
    signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
    give_up();
  // Not every library opens its files close-on-exec. 4 = CLOSE_RANGE_CLOEXEC; the report must stay open until exec.
  syscall(SYS_close_range, 3u, ~0u, 4u);
  if (*cwd != '\0' && chdir(cwd) != 0)
    give_up();
  execve(program, argv, env);
  give_up();
  _exit(127);
}

void end_child(pid_t pid) {
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

} // namespace

result<child_process> start_child_process(const process_command& command) {
  if (command.argv.empty())
    return fail(v1::ERROR_CODE_INVALID_INPUT, "no program");
  auto program = find_program(command);
  if (program.empty())
    return system_error(command.argv.front(), ENOENT);
  auto words = command.argv;
  auto environment = make_environment(command);
  auto argv = pointers(words);
  auto env = pointers(environment);
  pipe_pair in;
  pipe_pair out;
  pipe_pair err;
  pipe_pair report;
  if (!in.good() || !out.good() || !err.good() || !report.good())
    return system_error("pipe", errno);
  auto parent = getpid();
  auto pid = fork();
  if (pid < 0)
    return system_error("fork", errno);
  if (pid == 0)
    become(program.c_str(), argv.data(), env.data(), command.cwd.c_str(), in.reader(), out.writer(), err.writer(),
           report.writer(), parent);
  report.close_end(1);
  int code = 0;
  ssize_t n = 0;
  // Ends with exec, or with what kept the child from it.
  do
    n = read(report.reader(), &code, sizeof code);
  while (n < 0 && errno == EINTR);
  if (n != 0) {
    end_child(pid);
    return system_error(command.argv.front(), code);
  }
  child_process child;
  child.pid = pid;
  child.pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0u));
  if (child.pidfd < 0) {
    auto why = errno;
    end_child(pid);
    return system_error("pidfd_open", why);
  }
  child.in = in.release(1);
  child.out = out.release(0);
  child.err = err.release(0);
  for (auto fd : {child.in, child.out, child.err})
    fcntl(fd, F_SETFL, O_NONBLOCK);
  return child;
}

} // namespace troupe

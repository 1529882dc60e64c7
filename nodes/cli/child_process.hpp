#pragma once

#include "runtime/core/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace troupe::cli {

/// A process that this one started. It gets SIGTERM from the kernel when its parent dies, however that happens. Its
/// standard error is ours, its standard input is empty.
class child_process {
public:
  /// Starts `arguments[0]`, a path.
  static result<child_process> spawn(const std::vector<std::string>& arguments);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Kills the child if it still runs.
  ~child_process();

  pid_t pid() const {
    return pid_;
  }

  /// The first line that it writes; nothing when it ends, or when the time is over, before there is one.
  std::optional<std::string> read_line(int timeout_ms);

  void signal(int number) const;

  /// "exit code 2", "signal 9 (Killed)"; nothing while it runs.
  std::optional<std::string> poll();

  /// Waits at most this long for its end.
  bool wait(int timeout_ms);

private:
  child_process(pid_t pid, int pidfd, int output);

  void close_all();

  pid_t pid_ = -1;
  /// Becomes readable when the child ends.
  int pidfd_ = -1;
  int output_ = -1;
  std::optional<std::string> end_;
};

} // namespace troupe::cli

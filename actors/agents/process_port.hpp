#pragma once

#include "runtime/core/clock.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe {

struct process_command {
  /// The program and its arguments, no shell between. A program without a slash is looked for in PATH.
  std::vector<std::string> argv;
  /// Beside the node's own environment.
  std::map<std::string, std::string> env = {};
  /// Empty = the node's.
  std::string cwd = {};
  /// Between asking a process to end (SIGTERM) and forcing it (SIGKILL).
  milliseconds grace{2'000};
  /// Bytes that wait for it to read its standard input; beyond that it counts as broken. One text is never too much.
  size_t most_unread = size_t{64} << 20;
};

/// What happens to a child process, in this order: started, any of output and broken, exited; or failed alone.
namespace process_event {

struct started {};

/// The system's word for why it could not be started.
struct failed {
  std::string why;
};

/// From its standard output. No more comes before read_on was called.
struct output {
  std::string bytes;
};

/// It lives, but closed a pipe that it needs.
struct broken {
  std::string what;
};

/// The whole group is gone. `how` is "status 3" or "signal 9", and where it wrote to its standard error, the end of
/// that: "status 1; it said last: …".
struct exited {
  std::string how;
};

using any = std::variant<started, failed, output, broken, exited>;

} // namespace process_event

/// Child processes with pipes to them. All methods return at once; what comes of them is told by events.
class process_port {
public:
  /// Called on the port's own thread; must not block and must not throw.
  using events = std::function<void(process_event::any)>;
  using error_lines = std::function<void(std::string_view line)>;

  virtual ~process_port() = default;

  /// A child in a process group of its own. `on_error_line` gets its standard error line by line, cut to 4 KiB.
  virtual uint64_t start(process_command command, events on_event, error_lines on_error_line) = 0;

  /// To its standard input. Ignored once it has ended.
  virtual void write(uint64_t child, std::string bytes) = 0;

  /// The last output was taken in: more may come.
  virtual void read_on(uint64_t child) = 0;

  /// Ends the whole group: nicely, and by force after the grace time.
  virtual void terminate(uint64_t child) = 0;
};

} // namespace troupe

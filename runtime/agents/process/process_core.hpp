#pragma once

#include "runtime/agents/process/line_limiter.hpp"
#include "runtime/agents/process/line_splitter.hpp"
#include "runtime/core/clock.hpp"
#include "troupe/v1/task.pb.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe {

struct process_limits {
  /// Tasks that the process works on at once; more wait.
  uint32_t concurrency = 1;
  /// Bytes of one line of its output.
  size_t max_line = size_t{16} << 20;
  /// Wait before a process that died is started again: doubled with every death until a task is answered.
  milliseconds first_backoff{100};
  milliseconds max_backoff{30'000};
  /// Tasks wait that long for a process that is to be started again. Before longer waits they are refused, with the
  /// time until then: a program that dies of every task is known to be broken by then, and nobody should have to wait
  /// to hear of it.
  milliseconds patience{1'000};
};

/// What the core of a process agent wants done, in this order.
namespace process_action {

/// Ends in started or failed.
struct spawn {};

struct write {
  std::string line;
};

/// End the whole process group: nicely first, by force after the grace time. Ends in exited.
struct terminate {};

struct answer {
  v1::TaskResult result;
};

struct progress {
  v1::TaskProgress progress;
};

/// Do this for the task; what becomes of it goes to `operated`.
struct operate {
  std::string task_id;
  /// What the process calls it: JSON text, given back to it; empty when it gave none.
  std::string tag;
  v1::TaskOp op;
};

/// Something about the process that its author should know.
struct log {
  std::string text;
};

using any = std::variant<spawn, write, terminate, answer, progress, operate, log>;

} // namespace process_action

struct process_counters {
  uint64_t garbage_lines = 0;
  uint64_t long_lines = 0;
  /// Answers and progress for tasks that nobody waits for.
  uint64_t unknown_tasks = 0;
  uint64_t deaths = 0;
};

/// The books of one child process that speaks JSON lines: which task it works on, what its lines mean, when it is
/// started, killed and started again. Knows no processes.
///
///     down ──spawn──▶ starting ──started──▶ up ──exited──▶ resting ──backoff over──▶ starting
///                        │ failed             │ cancel or timeout of a task it works on; unusable output
///                        ▼                    ▼
///                     resting             ending ──exited──▶ starting
///
/// A process cannot be told to drop one task, so cancelling one ends the group. Its other tasks are given back, which
/// costs them no try.
///
/// All times are milliseconds of one steady clock.
class process_core {
public:
  process_core(std::string agent, process_limits limits)
      : agent_{std::move(agent)}, limits_{limits}, lines_{limits.max_line} {}

  void submit(v1::Task task, int64_t now);
  void cancel(const v1::CancelTask& x, int64_t now);

  void started(int64_t now);
  /// It could not be started; `why` is the system's word.
  void failed(const std::string& why, int64_t now);
  /// From its standard output.
  void output(std::string_view bytes, int64_t now);
  /// What became of an operation. Told even if its task has ended meanwhile: the program may wait for it.
  void operated(const std::string& task_id, const std::string& tag, const v1::OpAnswer& answer);
  /// It closed a pipe that it needs.
  void broken(const std::string& what, int64_t now);
  /// `how` as in "status 3" or "signal 9".
  void exited(const std::string& how, int64_t now);

  std::optional<int64_t> next_deadline() const;
  void tick(int64_t now);

  std::vector<process_action::any> take_actions();

  const process_counters& counters() const {
    return counters_;
  }

private:
  static constexpr uint32_t complaints_per_second = 10;

  enum class state { down, starting, up, ending, resting };

  struct open_task {
    /// Without its input once it was written.
    v1::Task task;
    /// 0 = none.
    int64_t deadline = 0;
    uint32_t operations = 0;
  };

  void spawn();
  void feed();
  void take_line(std::string_view line);
  void too_long();
  void end_process();
  /// It has died, or could not be started.
  void rest(const std::string& how, int64_t now);
  bool rests_long(int64_t now) const;
  void refuse(open_task& x, int64_t now);
  /// What it wrote that was no answer, as the end of a sentence; empty when there was nothing.
  std::string strange_words() const;
  void answer(open_task& x, v1::TaskResult&& result);
  void answer_error(open_task& x, v1::ErrorCode code, std::string message, bool retryable);
  /// Answers everything that was written to the process.
  void fail_open(v1::ErrorCode code, const std::string& message);
  void drop(const std::string& id, v1::ErrorCode code, const std::string& message, bool retryable);
  /// It wrote a line that is no answer.
  void strange(std::string_view why, std::string_view line);
  /// Logs at most so much that an endless stream of nonsense does not fill a disk.
  void complain(std::string text);

  std::string agent_;
  process_limits limits_;
  line_splitter lines_;
  line_limiter complaints_{complaints_per_second};
  int64_t now_ = 0;
  state state_ = state::down;
  /// Written and not yet answered, by their id on the wire.
  std::map<std::string, open_task> open_;
  std::deque<open_task> waiting_;
  int64_t backoff_ms_ = 0;
  int64_t rest_until_ = 0;
  /// How it ended last.
  std::string last_end_;
  /// Lines since it was started, or since its last answer, that were none; and the last of them.
  uint64_t strange_lines_ = 0;
  std::string last_strange_line_;
  std::vector<process_action::any> actions_;
  process_counters counters_;
};

} // namespace troupe

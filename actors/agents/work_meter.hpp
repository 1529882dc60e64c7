#pragma once

#include "troupe/v1/task.pb.h"

#include <cstdint>

namespace troupe {

/// What a thread spends on one task after the other, less the time it waits for a processor: on a busy machine the wall
/// time of a task counts what others did meanwhile, and sums of it promise savings that are none.
///
/// A task in which the thread never gave the processor away costs its processor time; one that blocked (a file, a
/// lock, a peer) costs its wall time. Reading the kernel's counters takes most of a microsecond, so quick tasks are
/// taken at their wall time: counters are read only when the task before was not quick.
class work_meter {
public:
  void begin();

  /// Since `begin`, in microseconds; at least 1.
  uint64_t end();

  /// The wall time of the same, in microseconds; at least 1.
  uint64_t wall_us() const {
    return wall_us_;
  }

  /// Runs `work` and writes what it took into the result it returns.
  template <class Work>
  v1::TaskResult measure(Work&& work) {
    begin();
    v1::TaskResult out = work();
    out.mutable_timings()->set_work_us(end());
    return out;
  }

private:
  uint64_t wall_us_ = 0;
  int64_t wall_ns_ = 0;
  int64_t processor_us_ = 0;
  int64_t blocked_ = 0;
  bool counting_ = false;
  bool worth_counting_ = true;
};

} // namespace troupe

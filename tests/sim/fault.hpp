#pragma once

#include "tests/sim/scheduler.hpp"

#include "runtime/core/random.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::sim {

/// One thing that goes wrong, and for how long.
struct fault {
  enum class kind : uint8_t {
    /// kill -9 and a restart after `lasts`; the kernel says goodbye for the process.
    crash,
    /// SIGTERM and a restart after `lasts`: a worker drains and leaves.
    terminate,
    /// The same of a machine: nobody is told.
    power_off,
    /// The actor of one run dies, and its coordinator starts it again.
    run_crash,
    /// SIGSTOP and SIGCONT.
    pause,
    /// All connections between two processes break.
    reset,
    /// The same, but one side does not notice.
    half_open,
    /// Nothing gets through between two processes; afterwards what was sent does.
    partition,
    /// The same in one direction.
    one_way,
    slow,
    /// The wall clock of a process jumps.
    clock_jump,
    store_fails,
    store_lies,
    store_slow,
    /// Nothing gets through between a coordinator and the store; afterwards what was sent does.
    store_cut,
    /// Results, operations of members and their answers are delivered twice.
    duplicates,
  };
  static constexpr size_t kinds = static_cast<size_t>(kind::duplicates) + 1;

  kind what = kind::crash;
  usec at = 0;
  usec lasts = 0;
  /// Indices of processes; see world.
  size_t who = 0;
  size_t other = 0;
  /// Of a clock jump.
  int64_t by_ms = 0;
};

const char* name_of(fault::kind x);

/// For people; `names` are those of the processes.
std::string to_string(const fault& x, const std::vector<std::string>& names);

/// How many processes of each role a world has. They are numbered in this order.
struct cast_list {
  size_t coordinators = 1;
  size_t workers = 2;
  /// Of a dispatcher; few worlds have one that overflows.
  size_t most_queued = 200'000;

  size_t client() const {
    return coordinators + workers;
  }
};

/// Faults within the first `until` of a world.
std::vector<fault> draw_faults(random_source& dice, const cast_list& cast, usec until);

} // namespace troupe::sim

#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/task_batch.hpp"
#include "troupe/v1/task.pb.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace troupe {

struct host_limits {
  /// Name of the node, written into every result.
  std::string node = "node";
  /// Tasks accepted and not yet answered; what comes above is rejected. The node's credits.
  uint32_t capacity = 1'024;
  /// Bytes of input of the tasks that wait.
  size_t max_queued_bytes = size_t{256} << 20;
  /// A larger output fails its task with ERROR_CODE_RESOURCE_EXHAUSTED.
  size_t max_output_bytes = size_t{8} << 20;
  /// Levels of a JSON output.
  size_t max_output_depth = 64;
  /// How long an agent may go on after its task was cancelled or timed out. After that the instance counts as hung and
  /// is replaced.
  milliseconds cancel_grace{5'000};
  /// So long after a task's time is over its agent may say itself what went wrong, which it knows best.
  milliseconds last_word{0};
  /// Hung instances that an agent may have beside its living ones (their threads cannot be taken back). Above, it gets
  /// no new instances, and without any its tasks are rejected.
  uint32_t max_hung = 8;
  /// Instances of agents that workflows define are ended after this long without a task.
  milliseconds idle_timeout{60'000};
  /// Definitions known at once; those not used for longest are forgotten first.
  size_t max_definitions = 4'096;
  /// Bytes of one definition's settings.
  size_t max_definition_bytes = size_t{4} << 20;
  /// Answered tasks remembered, so that one which comes twice runs once.
  size_t max_answered = 100'000;
};

/// What the host's core wants done, in this order.
namespace host_action {

/// Make an instance of an agent. Ends in instance_up, instance_failed or agent_gone.
struct start_instance {
  uint64_t agent = 0;
  uint64_t instance = 0;
  std::shared_ptr<const v1::AgentSpec> spec;
};

/// An instance hangs: end it if that is possible. It has been replaced already; instance_down tells when it is gone.
struct abandon_instance {
  uint64_t agent = 0;
  uint64_t instance = 0;
};

/// End all instances of an agent that nobody uses; nothing is reported back.
struct stop_agent {
  uint64_t agent = 0;
};

struct run_task {
  uint64_t instance = 0;
  std::shared_ptr<const std::string> agent;
  task_ptr task;
  /// For host_core::finished.
  uint64_t ticket = 0;
};

struct cancel_task {
  uint64_t instance = 0;
  v1::CancelTask task;
};

/// The one result of a task.
struct answer {
  uint64_t sink = 0;
  std::shared_ptr<const std::string> agent;
  /// The agent began to work on it.
  bool started = false;
  result_ptr result;
  /// Of a task that did not succeed; for logs.
  std::string traceparent;
};

using any = std::variant<start_instance, abandon_instance, stop_agent, run_task, cancel_task, answer>;

} // namespace host_action

struct host_load {
  /// Accepted, not yet with an agent.
  uint32_t queued = 0;
  /// With an agent and not yet answered.
  uint32_t running = 0;
  /// Tasks that would be accepted now.
  uint32_t credits = 0;
};

struct host_counters {
  /// The same attempt came again.
  uint64_t duplicates = 0;
  /// Results of tasks that had been answered already (timed out, cancelled, superseded), or that nobody knows.
  uint64_t late_results = 0;
  /// Instances that ignored a cancellation and were replaced.
  uint64_t hung_instances = 0;
};

} // namespace troupe

#pragma once

#include "runtime/core/random.hpp"
#include "troupe/v1/agent.pb.h"
#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/task.pb.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace troupe {

/// What a task asks of the node that is to run it.
struct placement_need {
  /// Name of the agent.
  std::string agent;
  /// Empty: the node must bring an agent of that name along.
  std::string kind;
  /// For kind `function`: the C++ function that it names.
  std::string function;
  /// Labels that the node must have.
  std::map<std::string, std::string> labels;
};

/// `spec` is null for an agent that the node brings along.
placement_need need_of(const v1::Task& task, const v1::AgentSpec* spec);

/// "agent 'x' (kind lua, labels zone=eu)"
std::string to_string(const placement_need& need);

/// Why a node cannot take such a task, whatever its load, said of the node ("is draining"); empty when it can.
///
/// A node runs the kinds that it lists. Where it advertises functions it has these and no others; an agent of kind
/// `function` goes only where its function is.
std::string mismatch(const placement_need& need, const v1::NodeStatus& node);

/// A node with room, as placement sees it.
struct placement_candidate {
  uint32_t outstanding = 0;
  /// Greater than `outstanding`.
  uint32_t capacity = 1;
  /// Moving average from dispatch to result for tasks of this agent; 0 = not known yet.
  double latency_ms = 0;
};

/// A node that was slow gets at least 1 / slowest_factor of the share of a fast one: it must be able to show that it
/// has recovered.
inline constexpr double slowest_factor = 4;

/// Whether `a` is the better place: by (outstanding + 1) / capacity, times its latency relative to the other's.
bool better_place(const placement_candidate& a, const placement_candidate& b);

/// Power of two choices (Mitzenmacher 2001): the better of two random candidates. Avoids the herd that runs to the one
/// least loaded node. Precondition: not empty.
size_t choose_place(std::span<const placement_candidate> candidates, random_source& random);

/// The next moving average after a sample; the first sample stands for itself.
double next_latency(double average_ms, double sample_ms);

} // namespace troupe

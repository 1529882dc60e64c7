#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/json.hpp"
#include "runtime/workflow/workflow.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What a step costs when everything in it runs one after the other, and along its longest chain.
struct graph_cost {
  /// In agent tasks, each counted as one unit. Of a choice the dearest case; of an `each` one item, unless the document
  /// lists the items.
  double sequential = 0;
  double critical_path = 0;
  /// By the time limits in the document; absent when a task in it has none.
  std::optional<milliseconds> sequential_limit;
  std::optional<milliseconds> critical_path_limit;
};

/// A step, a branch or a case.
struct graph_step {
  std::string id;
  /// "write.draft", "research[mit].quotes"; as the run's updates name it, with [*] for the items of an `each`.
  std::string path;
  std::string kind;
  /// "agent planner", "each $.input.competitors, merge_all"
  std::string detail;
  /// Positions among the steps beside it.
  std::vector<uint32_t> depends_on;
  /// Length of the longest chain of steps before it. Steps of one level can run at the same time.
  uint32_t level = 0;
  bool conditional = false;
  graph_cost cost;
  /// Steps of a group, branches of a fan-out (for `each` the one body), cases of a choice.
  std::vector<graph_step> inside;
};

/// How a fan-out over a list that only the run knows grows.
struct graph_fan_out {
  std::string path;
  /// Units that each further item adds.
  double sequential = 0;
  double critical_path = 0;
};

/// What can be said of a workflow before it runs: who waits for whom, what runs side by side, what that saves.
struct workflow_graph {
  std::string workflow;
  std::vector<graph_step> steps;
  graph_cost cost;
  std::vector<graph_fan_out> fan_outs;
  /// Paths of agent steps without a time limit.
  std::vector<std::string> without_limit;

  /// Share of the sequential cost that running side by side saves, 0..1.
  double saving() const;
};

workflow_graph analyse(const workflow& definition);

/// Positions of `steps` by level.
std::vector<std::vector<uint32_t>> levels_of(const std::vector<graph_step>& steps);

std::string to_text(const workflow_graph& graph);
std::string to_mermaid(const workflow_graph& graph);
std::string to_dot(const workflow_graph& graph);
json to_json(const workflow_graph& graph);

} // namespace troupe

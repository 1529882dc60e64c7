#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/expression/lua.hpp"
#include "runtime/expression/mapping.hpp"
#include "runtime/workflow/aggregation_spec.hpp"
#include "runtime/workflow/policies.hpp"
#include "runtime/workflow/team_step.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe {

struct step;

/// Work for one agent.
struct agent_step {
  std::string agent;
  /// Absent: the agent gets the run's input (a branch of an `each`: the item).
  std::optional<mapping> input;
  /// Bound on one attempt; 0 = the agent's own. `step::timeout` bounds all attempts together.
  milliseconds attempt_timeout{0};
};

/// Steps with dependencies among them.
struct group_step {
  /// In document order. `depends_on` of each refers to positions in this list.
  std::vector<step> steps;
  /// What the group yields; absent: an object of all outputs by step id.
  std::optional<mapping> output;
};

/// Fan-out and fan-in.
struct parallel_step {
  /// Static fan-out: one step per branch, `step::id` names the branch. Empty when `each` is set.
  std::vector<step> branches;
  /// Dynamic fan-out: must yield an array; one copy of `body` per item.
  std::optional<mapping> each;
  std::shared_ptr<const step> body;
  /// Names a branch of an `each` (`$.item.name`); absent: the item when it is a string, else its index.
  std::optional<mapping> key;
  /// Branches that run at once; 0 = all.
  uint32_t max_concurrent = 0;
  bool fail_fast = false;
  std::shared_ptr<const aggregation_spec> aggregate;
};

/// The first case whose condition holds.
struct choose_step {
  struct choice {
    /// Absent in the last one: otherwise.
    std::optional<lua_chunk> when;
    std::shared_ptr<const step> body;
  };
  std::vector<choice> choices;
};

/// What to do when a step has failed for good (after retries and fallback).
struct error_policy {
  enum class action {
    /// The enclosing group fails.
    fail,
    /// The step counts as failed, its output is `output` or null, and the workflow goes on; the run ends as partial.
    proceed,
  };
  action then = action::fail;
  std::optional<mapping> output;
};

struct source_position {
  int line = 0;
  int column = 0;
};

/// One step of any kind with what all kinds have in common. Immutable once compiled.
struct step {
  using body_type = std::variant<agent_step, group_step, parallel_step, choose_step, team_step>;

  /// Unique within its group.
  std::string id;
  body_type body;
  std::optional<lua_chunk> when;
  /// Positions, in the enclosing group, of the steps that must end first: from references and `needs`.
  std::vector<uint32_t> depends_on;
  /// Bound on the whole step with all retries; 0 = none.
  milliseconds timeout{0};
  std::optional<retry_policy> retry;
  std::shared_ptr<const step> fallback;
  error_policy on_error;
  /// Higher goes first.
  int32_t priority = 0;
  std::map<std::string, std::string> placement;
  source_position where;

  /// "agent", "steps", "parallel", "choose", "team": the key in the document.
  const char* kind() const;
};

} // namespace troupe

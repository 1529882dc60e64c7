#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/expression/lua.hpp"
#include "runtime/expression/mapping.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe {

struct step;

/// One member of a team.
struct team_member {
  std::string role;
  /// researcher, analyst, creator, critic, editor, coordinator; or empty.
  std::string archetype;
  std::string expertise;
  std::vector<std::string> responsibilities;
  std::vector<std::string> capabilities;
  std::vector<std::string> tools;
  /// When teammates are to ask this member.
  std::string ask_when;
  /// Roles that it may address; absent: all.
  std::optional<std::set<std::string>> interacts_with;
  /// What it does in a turn: an agent, or any other step.
  std::shared_ptr<const step> work;
  /// The artifact that its turn's output becomes; empty: as the phase, else the role.
  std::string writes;
  bool writes_nothing = false;
};

struct team_phase {
  std::string name;
  /// Positions of members, who act in this order.
  std::vector<uint32_t> members;
  /// The artifact that outputs become; empty: the phase's name.
  std::string writes;
};

struct team_limits {
  /// Bytes of one artifact, and of all of them, as JSON text.
  size_t artifact_bytes = size_t{1} << 20;
  size_t workspace_bytes = size_t{8} << 20;
  uint32_t artifacts = 1'000;
  /// Messages, decisions, questions and notes together.
  uint32_t messages = 10'000;
  /// Versions of an artifact whose values are kept.
  uint32_t history = 32;
  uint32_t operations_per_turn = 1'000;
  /// Artifacts above this are named in what a member is told, and read with `get`.
  size_t inline_bytes = size_t{64} << 10;
};

/// Members with roles who take turns on a shared workspace.
struct team_step {
  enum class turns { by_phase, round_robin, selector, handoff, free };
  enum class conflict { reject, last_writer, merge, vote, agent, human };
  enum class bound { accept, fail };

  std::string goal;
  /// Becomes `workspace.task`, beside the goal.
  std::optional<mapping> task;
  std::vector<team_member> members;
  turns order = turns::by_phase;
  /// For turns::by_phase; in document order.
  std::vector<team_phase> phases;
  /// For turns::selector: Lua that yields a role (or nil: done), or a step that does.
  std::optional<lua_chunk> selector;
  std::shared_ptr<const step> selector_agent;

  /// Rounds of phases or of members; under `selector` and `handoff`, turns per member.
  uint32_t max_iterations = 3;
  bound at_bound = bound::accept;
  /// The team is done when this holds.
  std::optional<lua_chunk> until;
  /// Who may send back, and where to.
  std::vector<uint32_t> reviewers;
  bool has_review = false;
  uint32_t back_to = 0;

  conflict on_conflict = conflict::reject;
  /// For conflict::agent.
  std::shared_ptr<const step> resolver;
  /// For conflict::human.
  milliseconds decision_timeout{300'000};
  /// For questions that set none.
  milliseconds request_timeout{120'000};
  /// After so long, a waiting question counts as much as one of the next higher priority.
  milliseconds ageing{10'000};
  team_limits limits;

  /// The document is the team's alone: the run's input may hold `workspace`, and `message` or `messages`.
  bool begins_from_input = false;
  /// A workspace to begin with, in the form of the template.
  std::optional<mapping> workspace;
  /// Messages to begin with: one, or a list.
  std::optional<mapping> messages;
  /// What the step yields; absent: {result, artifacts, decisions, …}.
  std::optional<mapping> output;
};

} // namespace troupe

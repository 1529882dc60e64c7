#pragma once

#include "runtime/language/document_checker.hpp"
#include "runtime/language/load.hpp"
#include "runtime/language/visible_steps.hpp"
#include "runtime/workflow/workflow.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe {

/// What an expression sees besides `input`, `run`, `steps` and `results`.
struct surroundings {
  visible_steps* steps = nullptr;
  /// `item` and `index`
  bool in_each = false;
  bool has_error = false;
  bool has_partial = false;
  /// `workspace` and `turn`
  bool in_team = false;

  surroundings inside(visible_steps& group) const {
    auto out = *this;
    out.steps = &group;
    return out;
  }

  surroundings with_item() const {
    auto out = *this;
    out.in_each = true;
    return out;
  }

  /// Where a step has failed.
  surroundings with_error() const {
    auto out = *this;
    out.has_error = out.has_partial = true;
    return out;
  }

  /// Where a fan-out has too few results.
  surroundings with_partial() const {
    auto out = *this;
    out.has_partial = true;
    return out;
  }

  /// Among the members of a team.
  surroundings with_team() const {
    auto out = *this;
    out.in_team = true;
    return out;
  }
};

/// Compiles the steps of one document. Faults go to the checker; what is returned after a fault is only good for
/// finding more of them.
class workflow_compiler {
public:
  workflow_compiler(document_checker& check, const language_limits& limits,
                    const std::map<std::string, agent_definition>& agents, const document_node& root);

  /// `steps` with its siblings `order` and `output`.
  group_step compile_group(const document_value& steps, const std::optional<document_value>& order,
                           const std::optional<document_value>& output, const surroundings& outer);

  /// The template of the source material: a group with one parallel step.
  group_step compile_parallel_group(const document_value& group);

  /// The template of the source material: a group with one team.
  group_step compile_team_document(const document_value& team);

  const std::set<std::string>& used_agents() const {
    return used_agents_;
  }

  /// Roles of one team that share an agent, by its name: who waits for a teammate keeps an instance.
  const std::map<std::string, uint32_t>& rooms() const {
    return rooms_;
  }

  /// The document as JSON. What JSON objects cannot keep (the order of `branches` given as an object) is put in another
  /// way that means the same.
  json canonical(const document_value& at) const;

private:
  enum class role {
    /// In the list of a group: has an id, may wait for others.
    member,
    /// Of a fan-out; has an id.
    branch,
    /// Of a choice; `when` belongs to the choice.
    choice,
    /// Fallback, otherwise, body of an `each`.
    body,
  };

  // compile_step.cpp
  step compile_step(const document_value& at, const surroundings& in, role as);
  void compile_common(step& out, const object_reader& keys, const surroundings& in, role as);
  agent_step compile_agent_step(const object_reader& keys, const surroundings& in);
  choose_step compile_choose(const document_value& at, const surroundings& in);
  std::shared_ptr<const step> compile_fallback(const document_value& at, const step* failing, const surroundings& in);
  error_policy compile_on_error(const document_value& at, const surroundings& in);
  int32_t compile_priority(const document_value& at);
  void check_ids(const document_value& steps, std::vector<std::string>& ids);

  // compile_parallel.cpp
  parallel_step compile_parallel(const document_value& at, const surroundings& in);
  void compile_agent_branches(parallel_step& out, const document_value& at, const surroundings& in);
  void compile_step_branches(parallel_step& out, const document_value& at, const surroundings& in);
  void compile_each(parallel_step& out, const object_reader& keys, const surroundings& in);
  void check_branches(const parallel_step& out, const document_value& at);

  // compile_team.cpp
  team_step compile_team(const document_value& at, const object_reader& keys, const surroundings& in);
  void compile_conflicts(team_step& out, const object_reader& keys);
  void compile_team_limits(team_step& out, const document_value& at);
  std::shared_ptr<const step> agent_only(const document_value& at);

  // compile_team_members.cpp
  void compile_members(team_step& out, const document_value& at, const surroundings& in);
  team_member compile_member(const document_value& at, const surroundings& in);
  std::shared_ptr<const step> compile_member_work(team_member& member, const object_reader& keys,
                                                  const surroundings& in);
  std::optional<uint32_t> resolve_role(const team_step& team, const document_value& at);
  /// All of a list of them; an empty one is a fault.
  std::vector<uint32_t> resolve_roles(const team_step& team, const document_value& at, const std::string& when_empty);

  // compile_team_given.cpp
  void compile_given(team_step& out, const object_reader& keys, const surroundings& in);
  void check_given_message(const team_step& team, const document_value& at);

  // compile_team_turns.cpp
  void compile_turns(team_step& out, const object_reader& keys, const surroundings& in);
  void compile_phases(team_step& out, const document_value& phases);
  void compile_review(team_step& out, const object_reader& keys);

  // compile_aggregate.cpp
  /// `branches`: how many there are, where the document says it.
  std::shared_ptr<const aggregation_spec> compile_aggregate(const document_value& at, std::optional<size_t> branches,
                                                            const surroundings& in, const char* construct);
  void compile_wait(aggregation_spec& out, const object_reader& keys, std::optional<size_t> branches);
  void compile_shortfall(aggregation_spec& out, const object_reader& keys, std::optional<size_t> branches,
                         const surroundings& in);
  void compile_strategy(aggregation_spec& out, const object_reader& keys);

  // workflow_compiler.cpp
  std::optional<mapping> compile_mapping(const document_value& at, const surroundings& in);
  std::optional<lua_chunk> compile_condition(const document_value& at, const surroundings& in);
  /// A Lua expression that sees the named variables and nothing of the run.
  std::optional<lua_chunk> compile_function(const document_value& at, const std::string& variables);
  void refer(const references& reads, const document_value& at, const surroundings& in);
  void refer_to_step(const std::string& id, const document_value& from, const surroundings& in);
  std::string resolve_agent(const document_value& at);
  /// By name, else by capability; "" (after a report) when there is none.
  std::string resolve_agent_type(const document_value& at);
  std::string no_agent_remedy(const std::string& name) const;

  document_checker& check_;
  language_limits limits_;
  const std::map<std::string, agent_definition>& agents_;
  const document_node& root_;
  std::set<std::string> used_agents_;
  std::map<std::string, uint32_t> rooms_;
  /// Places of `branches` that are objects.
  std::set<std::string> branch_objects_;
  size_t edges_ = 0;
};

std::optional<retry_policy> compile_retry(document_checker& check, const document_value& at);
std::optional<json_schema> compile_schema(document_checker& check, const document_value& at);

/// The value of `agents:`.
/// What makes two agents one: the same kind, config and room.
std::string hash_of(const agent_definition& x);

std::map<std::string, agent_definition> compile_agents(document_checker& check, const document_value& at);

} // namespace troupe

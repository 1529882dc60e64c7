#pragma once

#include "runtime/agents/json_text.hpp"
#include "runtime/core/json.hpp"
#include "runtime/team/inbox.hpp"
#include "runtime/team/workspace_snapshot.hpp"
#include "runtime/workflow/team_step.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace troupe {

/// Levels of arrays and objects that an artifact, or what a message says, may have: a member is told both within its
/// input (`workspace.communication_log[0].content`), which may have no more than `max_payload_depth`.
inline constexpr size_t max_told_depth = max_payload_depth - 4;

/// A member as its teammates are told of it: {role, expertise, responsibilities, ask_when, tools}, without what is
/// empty.
json introduction_of(const team_member& who);

/// What is the same at every turn of a member: the goal, who it is, and `teammates`, those that it may address (see
/// introduction_of). The text of an object.
std::string member_text(const team_step& team, const team_member& who, const std::string& team_id, json teammates);

/// What a member is told at its turn, or when it is to answer (docs/language.md). Holds what was true then; it is
/// printed, and the document is built, only where somebody wants it. One thread at a time.
class turn_context {
public:
  struct facts {
    /// See member_text.
    std::shared_ptr<const std::string> member;
    std::string phase;
    uint32_t iteration = 1;
    uint32_t turn = 0;
    std::shared_ptr<const workspace_snapshot> workspace;
    json inbox = json::array();
    /// Of the last review that asked for changes; null = none.
    json feedback;
    /// Set when it is to answer.
    std::optional<team_message> question;
    /// The artifact that its output becomes; empty = none.
    std::string writes;
    bool reviews = false;
    /// What it asked for in its last turn, and did not get.
    json refused = json::array();
  };

  explicit turn_context(facts all) : all_{std::move(all)} {}

  std::string text() const;

  const json& value() const;

  bool reviews() const {
    return all_.reviews;
  }

  const workspace_snapshot& workspace() const {
    return *all_.workspace;
  }

private:
  facts all_;
  mutable std::optional<json> value_;
};

} // namespace troupe

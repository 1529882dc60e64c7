#include "runtime/team/workspace_view.hpp"

#include "runtime/core/json_io.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr size_t most_listed = 20;
constexpr size_t longest_shown = 128;

std::string print(const json& x) {
  return print_json(x);
}

v1::ArtifactVersion to_proto(const artifact_version& x) {
  v1::ArtifactVersion out;
  out.set_version(x.version);
  out.set_author(x.author);
  out.set_at_ms(x.at_ms);
  out.set_bytes(x.bytes);
  out.set_conflict(x.conflict);
  return out;
}

v1::WorkspaceView head_of(const workspace& from) {
  v1::WorkspaceView out;
  out.set_seq(from.seq());
  if (from.ended())
    *out.mutable_ended() = to_proto(*from.ended());
  return out;
}

error no_artifact(const workspace& from, const std::string& name) {
  std::string names;
  size_t count = 0;
  for (const auto& [known, version] : from.versions())
    if (version > 0 && ++count <= most_listed)
      names += (names.empty() ? "" : ", ") + known;
  if (count > most_listed)
    names += " and " + std::to_string(count - most_listed) + " more";
  return {v1::ERROR_CODE_NOT_FOUND,
          "nobody has written an artifact \"" + name.substr(0, longest_shown) + "\" in the workspace of " + from.id()
              + "; it has " + (names.empty() ? "none yet" : names),
          false};
}

result<v1::WorkspaceView> artifact_of(const workspace& from, const v1::ReadWorkspace& what) {
  const auto* history = from.history(what.artifact());
  if (history == nullptr || history->empty())
    return tl::unexpected(no_artifact(from, what.artifact()));
  const auto* found = from.find(what.artifact(), what.version());
  if (found == nullptr)
    return fail(v1::ERROR_CODE_NOT_FOUND, "artifact " + what.artifact() + " has no version "
                                              + std::to_string(what.version()) + " that is kept; there are "
                                              + std::to_string(history->front().version) + " to "
                                              + std::to_string(history->back().version));
  auto out = head_of(from);
  auto& artifact = *out.mutable_artifact();
  artifact.set_artifact(what.artifact());
  *artifact.mutable_version() = to_proto(*found);
  artifact.set_value(found->value.text());
  for (const auto& x : *history)
    *artifact.add_history() = to_proto(x);
  return out;
}

struct update_writer {
  v1::WorkspaceUpdate& out;
  size_t inline_bytes;

  void operator()(const workspace_change::written& x) const {
    auto& to = *out.mutable_written();
    to.set_artifact(x.artifact);
    *to.mutable_version() = to_proto(x.now);
    if (x.now.bytes <= inline_bytes)
      to.set_value(x.now.value.text());
  }
  void operator()(const workspace_change::logged& x) const {
    out.set_logged(x.entry.text());
  }
  void operator()(const workspace_change::decided& x) const {
    out.set_decided(print(x.entry));
  }
  void operator()(const workspace_change::asked& x) const {
    out.set_asked(print(x.entry));
  }
  void operator()(const workspace_change::settled& x) const {
    out.set_settled(x.question);
  }
  void operator()(const workspace_change::progressed& x) const {
    auto& to = *out.mutable_progress();
    to.set_phase(x.phase);
    to.set_iteration(x.iteration);
    to.set_turn(x.turn);
    to.set_last_role(x.last_role);
    to.set_on_turn(x.on_turn);
  }
  void operator()(const team_end& x) const {
    *out.mutable_ended() = to_proto(x);
  }
};

} // namespace

v1::TeamEnded to_proto(const team_end& x) {
  v1::TeamEnded out;
  out.set_reason(x.reason);
  out.set_completed(x.completed);
  out.set_iterations(x.iterations);
  out.set_turns(x.turns);
  out.set_why(x.why);
  return out;
}

v1::WorkspaceView view_of(const workspace& from) {
  auto out = head_of(from);
  auto document = from.snapshot()->shown();
  document["changes"] = from.changes();
  document["earlier_messages"] = from.earlier_messages();
  out.set_document(print(document));
  return out;
}

result<v1::WorkspaceView> view_of(const workspace& from, const v1::ReadWorkspace& what) {
  if (!what.artifact().empty())
    return artifact_of(from, what);
  if (what.version() != 0)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "a version is that of an artifact: name one");
  return view_of(from);
}

v1::WorkspaceUpdate update_of(const workspace_change& change, size_t inline_bytes) {
  v1::WorkspaceUpdate out;
  out.set_seq(change.seq);
  std::visit(update_writer{out, inline_bytes}, change.what);
  return out;
}

} // namespace troupe

// What a team begins with. Both are mappings: what of them the document itself says is checked here, what they find at
// run time is checked there.
#include "runtime/language/workflow_compiler.hpp"

namespace troupe {

namespace {

const key_list workspace_keys = {"id",
                                 "created",
                                 "task",
                                 "artifacts",
                                 "goal",
                                 "task_id",
                                 "decisions_made",
                                 "open_questions",
                                 "current_phase",
                                 "iteration",
                                 "communication_log"};

const key_list message_keys = {"from", "to",        "type",      "content",        "priority", "requires_response",
                               "id",   "timestamp", "artifacts", "timeout_seconds"};

/// Not looked up when the team begins, and not left out in words.
bool is_literal(const document_value& at) {
  if (at.is_text())
    return !at.text().starts_with("$");
  return at.node->is != document_node::shape::scalar || !at.node->scalar.is_null();
}

} // namespace

void workflow_compiler::compile_given(team_step& out, const object_reader& keys, const surroundings& in) {
  if (auto x = keys["workspace"]) {
    out.workspace = compile_mapping(*x, in);
    if (is_literal(*x)) {
      object_reader members{check_, *x, workspace_keys, "a workspace"};
      if (auto artifacts = members["artifacts"]; artifacts && is_literal(*artifacts) && !artifacts->is_object())
        check_.mismatch(*artifacts, "an object of values by name");
      for (auto name : {"decisions_made", "open_questions", "communication_log"})
        if (auto list = members[name]; list && is_literal(*list))
          check_.list(*list, "entries");
      if (auto iteration = members["iteration"]; iteration && is_literal(*iteration))
        check_.integer(*iteration, 1, out.max_iterations);
      // Where members do not act by phases, or it is empty, it says nothing about who is next.
      auto phase = members["current_phase"];
      if (phase && is_literal(*phase) && out.order == team_step::turns::by_phase
          && !(phase->is_text() && phase->text().empty())) {
        std::vector<std::string> names;
        for (const auto& known : out.phases)
          names.push_back(known.name);
        check_.one_of(*phase, names);
      }
    }
  }
  if (auto x = keys["messages"]) {
    out.messages = compile_mapping(*x, in);
    if (x->is_list())
      for (size_t i = 0; i < x->node->items.size(); ++i)
        check_given_message(out, x->item(i));
    else
      check_given_message(out, *x);
  }
}

void workflow_compiler::check_given_message(const team_step& team, const document_value& at) {
  if (!is_literal(at))
    return;
  object_reader keys{check_, at, message_keys, "a message"};
  if (!keys)
    return;
  if (auto to = keys.need("to"); to && is_literal(*to))
    (void)resolve_role(team, *to);
  if (auto type = keys["type"]; type && is_literal(*type))
    check_.one_of(*type, {"request", "response", "handoff", "feedback", "event"});
  if (auto priority = keys["priority"]; priority && is_literal(*priority))
    compile_priority(*priority);
  if (auto wants = keys["requires_response"]; wants && is_literal(*wants))
    check_.boolean(*wants);
  if (auto seconds = keys["timeout_seconds"]; seconds && is_literal(*seconds))
    check_.number(*seconds, 0, 86'400);
}

} // namespace troupe

#include "runtime/run/frame.hpp"

namespace troupe {

void step_body::timer_fired(engine&, frame&, uint32_t) {}

void step_body::task_finished(engine&, frame&, const v1::TaskResult&) {}

void step_body::task_lost(engine&, frame&, const v1::TaskLost&) {}

void step_body::operation(engine&, frame&, uint32_t, const v1::TaskOp&) {}

void step_body::tried_in_vain(uint32_t, uint32_t) {}

std::optional<error> step_body::too_much(const v1::TaskOp&) const {
  return std::nullopt;
}

bool step_body::awaits(const v1::QuestionAnswered&) const {
  return false;
}

void step_body::question_answered(engine&, frame&, const v1::QuestionAnswered&) {}

void step_body::resumed(engine&, frame&) {}

void step_body::stop(engine&, frame&, const std::string&) {}

const outcome* step_body::child_outcome(std::string_view) const {
  return nullptr;
}

void step_body::visit_outcomes(const std::function<void(std::string_view, const outcome&)>&) const {}

std::string path_of(const frame& f) {
  if (f.parent == nullptr)
    return {};
  auto path = path_of(*f.parent);
  if (!f.branch.empty()) {
    path += '[';
    path += f.branch;
    path += ']';
    // The body of a branch adds no name of its own: "research[mit]", not "research[mit].mit".
    return path;
  }
  if (f.definition->id.empty())
    return path;
  if (!path.empty())
    path += '.';
  path += f.definition->id;
  return path;
}

} // namespace troupe

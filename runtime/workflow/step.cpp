#include "runtime/workflow/step.hpp"

namespace troupe {

const char* step::kind() const {
  struct visitor {
    const char* operator()(const agent_step&) const {
      return "agent";
    }
    const char* operator()(const group_step&) const {
      return "steps";
    }
    const char* operator()(const parallel_step&) const {
      return "parallel";
    }
    const char* operator()(const choose_step&) const {
      return "choose";
    }
    const char* operator()(const team_step&) const {
      return "team";
    }
  };
  return std::visit(visitor{}, body);
}

} // namespace troupe

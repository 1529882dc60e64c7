#include "runtime/run/agent_body.hpp"
#include "runtime/run/choose_body.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/group_body.hpp"
#include "runtime/run/parallel_body.hpp"
#include "runtime/run/team_body.hpp"

namespace troupe {

namespace {

struct body_maker {
  std::unique_ptr<step_body> operator()(const agent_step& x) const {
    return std::make_unique<agent_body>(x);
  }
  std::unique_ptr<step_body> operator()(const group_step& x) const {
    return std::make_unique<group_body>(x);
  }
  std::unique_ptr<step_body> operator()(const parallel_step& x) const {
    return std::make_unique<parallel_body>(x);
  }
  std::unique_ptr<step_body> operator()(const choose_step& x) const {
    return std::make_unique<choose_body>(x);
  }
  std::unique_ptr<step_body> operator()(const team_step& x) const {
    return std::make_unique<team_body>(x);
  }
};

} // namespace

std::unique_ptr<step_body> make_body(const step& definition) {
  return std::visit(body_maker{}, definition.body);
}

} // namespace troupe

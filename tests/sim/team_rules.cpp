#include "tests/sim/team_rules.hpp"

#include <stdexcept>
#include <variant>

namespace troupe::sim {

namespace {

class finder {
public:
  void look(const step& x) {
    std::visit([this](const auto& body) { look(body); }, x.body);
    if (x.fallback)
      look(*x.fallback);
  }

  std::map<std::string, team_rules> found;

private:
  void look(const agent_step&) {}

  void look(const group_step& x) {
    for (const auto& inner : x.steps)
      look(inner);
  }

  void look(const parallel_step& x) {
    for (const auto& branch : x.branches)
      look(branch);
    if (x.body)
      look(*x.body);
  }

  void look(const choose_step& x) {
    for (const auto& choice : x.choices)
      look(*choice.body);
  }

  void look(const team_step& x) {
    team_rules rules{&x, {}, {}, {}};
    for (const auto& member : x.members) {
      rules.members.emplace(member.role, &member);
      if (std::holds_alternative<agent_step>(member.work->body) && !member.work->fallback)
        rules.plain.insert(member.role);
      if (member.work->on_error.then == error_policy::action::proceed)
        rules.tolerant.insert(member.role);
      look(*member.work);
    }
    if (!found.emplace(x.goal, std::move(rules)).second)
      throw std::runtime_error("two teams of a document have the goal \"" + x.goal + "\"");
  }
};

} // namespace

std::map<std::string, team_rules> teams_of(const workflow& definition) {
  finder all;
  all.look(definition.root);
  return std::move(all.found);
}

} // namespace troupe::sim

// The order of turns in a team, its phases, and who may send work back.
#include "runtime/language/nearest.hpp"
#include "runtime/language/workflow_compiler.hpp"
#include "runtime/team/archetypes.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr size_t most_phases = 100;

/// Whether a member ever has a turn: under `by_phase` it may be there to be asked only.
bool has_turns(const team_step& team, uint32_t member) {
  return team.order != team_step::turns::by_phase
         || std::any_of(team.phases.begin(), team.phases.end(), [&](const team_phase& x) {
              return std::find(x.members.begin(), x.members.end(), member) != x.members.end();
            });
}

} // namespace

void workflow_compiler::compile_turns(team_step& out, const object_reader& keys, const surroundings& in) {
  using turns = team_step::turns;
  auto at = keys["turns"];
  if (!at)
    return;
  if (at->is_object()) {
    object_reader selector{check_, *at, keys_of("selector"), "`turns`"};
    out.order = turns::selector;
    auto how = selector.need("selector");
    if (!how)
      return;
    if (how->is_object()) {
      object_reader agent{check_, *how, keys_of("selector_agent"), "`selector`"};
      if (auto name = agent.need("agent"))
        out.selector_agent = agent_only(*name);
    } else {
      out.selector = compile_condition(*how, in);
    }
    return;
  }
  if (!at->is_text()) {
    check_.mismatch(*at, "by_phase, round_robin, handoff, free, or {selector: …}");
    return;
  }
  if (at->text() == "selector") {
    check_.fault(*at, "who selects?", "say it: {selector: \"a Lua expression\"} or {selector: {agent: name}}");
    return;
  }
  auto word = check_.one_of(*at, {"by_phase", "round_robin", "handoff", "free"}).value_or("by_phase");
  out.order = word == "round_robin" ? turns::round_robin
              : word == "handoff"   ? turns::handoff
              : word == "free"      ? turns::free
                                    : turns::by_phase;
}

void workflow_compiler::compile_phases(team_step& out, const document_value& phases) {
  if (!check_.list(phases, "phases"))
    return;
  auto count = phases.node->items.size();
  if (count == 0 || count > most_phases) {
    check_.fault(phases, "between 1 and " + std::to_string(most_phases) + " phases are possible",
                 count == 0 ? "leave `phases` out: then each member is one" : "let iterations repeat them");
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < count; ++i) {
    auto item = phases.item(i);
    team_phase phase;
    auto named = std::optional<document_value>{item};
    auto says_who = false;
    if (item.is_object()) {
      object_reader keys{check_, item, keys_of("phase"), "a phase"};
      named = keys.need("phase");
      if (auto roles = keys["roles"]) {
        says_who = true;
        phase.members = resolve_roles(out, *roles, "a phase in which nobody acts");
      }
      if (auto writes = keys["writes"]) {
        if (writes->is_text())
          phase.writes = check_.identifier(*writes).value_or("");
        else
          check_.mismatch(*writes, "the name of an artifact",
                          "who writes nothing says so itself: `writes: false` on the member");
      }
    }
    if (named)
      phase.name = check_.identifier(*named).value_or("");
    if (!phase.name.empty() && !seen.insert(phase.name).second)
      check_.fault(item, "a second phase with the name \"" + phase.name + "\"", "give each phase its own name");
    if (phase.members.empty() && !says_who) {
      // As many phases as members: the first is the first one's, and so on. Else by name.
      auto own = std::find_if(out.members.begin(), out.members.end(),
                              [&](const team_member& x) { return x.role == phase.name; });
      if (own != out.members.end())
        phase.members.push_back(static_cast<uint32_t>(own - out.members.begin()));
      else if (count == out.members.size())
        phase.members.push_back(static_cast<uint32_t>(i));
      else if (!out.members.empty())
        check_.fault(
            item, "who acts in the phase \"" + phase.name + "\"?",
            "say it: {phase: " + phase.name + ", roles: [" + out.members.front().role
                + "]} (only with as many phases as members, the first phase is the first member's, and so on)");
    }
    out.phases.push_back(std::move(phase));
  }
}

void workflow_compiler::compile_review(team_step& out, const object_reader& keys) {
  auto review = keys["review"];
  if (review) {
    object_reader inner{check_, *review, keys_of("review"), "`review`"};
    out.has_review = true;
    if (auto by = inner.need("by")) {
      out.reviewers = resolve_roles(out, *by, "a review by nobody");
      for (auto member : out.reviewers)
        if (!has_turns(out, member))
          check_.fault(*by,
                       "the reviewer \"" + out.members[member].role + "\" acts in no phase, so it can never review",
                       "name it in the `roles` of one");
    }
    if (auto back = inner["back_to"]) {
      auto name = check_.identifier(*back);
      auto i = std::find_if(out.phases.begin(), out.phases.end(), [&](const team_phase& x) { return x.name == name; });
      if (out.order != team_step::turns::by_phase)
        check_.fault(*back, "`back_to` is for `turns: by_phase`", "remove it");
      else if (name && i == out.phases.end()) {
        std::vector<std::string> names;
        for (auto& phase : out.phases)
          names.push_back(phase.name);
        check_.fault(*back, "there is no phase \"" + *name + "\"; there are " + enumerate(names),
                     did_you_mean(*name, names));
      } else if (name) {
        out.back_to = static_cast<uint32_t>(i - out.phases.begin());
      }
    }
    return;
  }
  for (uint32_t i = 0; i < out.members.size(); ++i) {
    auto* kind = find_archetype(out.members[i].archetype);
    if (kind != nullptr && kind->reviews && has_turns(out, i))
      out.reviewers.push_back(i);
  }
  out.has_review = !out.reviewers.empty();
  if (out.has_review || out.members.empty())
    return;
  if (out.order == team_step::turns::by_phase && !out.phases.empty())
    out.reviewers = out.phases.back().members;
  else
    for (uint32_t i = 0; i < out.members.size(); ++i)
      out.reviewers.push_back(i);
}

} // namespace troupe

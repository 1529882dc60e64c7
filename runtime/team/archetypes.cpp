#include "runtime/team/archetypes.hpp"

namespace troupe {

const std::vector<archetype>& archetypes() {
  static const std::vector<archetype> all = {
      {"researcher",
       "gathering information: searching, reading, quoting with sources",
       {"find what the goal needs and say where it comes from", "tell facts from opinions"},
       "you need a fact, a figure, a quotation or a source",
       false},
      {"analyst",
       "processing and interpreting: comparing, finding patterns, drawing conclusions",
       {"turn findings into conclusions that the findings bear", "name what is missing or contradictory"},
       "you need to know what the material means",
       false},
      {"creator",
       "making content: writing, designing",
       {"make what the goal asks for from the material at hand", "work review comments in"},
       "you need a new text or a new version of one",
       false},
      {"critic",
       "evaluating quality: reviewing, scoring",
       {"judge the work by the goal and its requirements",
        "approve it, or send it back with comments that can be acted on"},
       "you need to know whether something is good enough",
       true},
      {"editor",
       "refining: revising, shortening, formatting",
       {"improve form and clarity without changing what is said"},
       "a text is right but not yet well put",
       false},
      {"coordinator",
       "managing the work: assigning, tracking, deciding",
       {"see that the goal is reached", "hand work to whom it belongs, and record decisions"},
       "it is unclear who is to do what, or a decision is needed",
       false},
  };
  return all;
}

const archetype* find_archetype(std::string_view name) {
  for (const auto& x : archetypes())
    if (x.name == name)
      return &x;
  return nullptr;
}

} // namespace troupe

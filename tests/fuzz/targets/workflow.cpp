#include "runtime/language/graph.hpp"
#include "runtime/language/load.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/run_player.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

/// A workflow document, YAML or JSON. One that is accepted is drawn, stored, read back and run.
void workflow_text(std::string_view data) {
  std::vector<diagnostic> warnings;
  const source_text source{"fuzz", unfold(data)};
  const language_limits limits{.nodes = 50'000, .fan_out = 1'000};
  const auto loaded = load_workflow(source, {std::nullopt, limits, &warnings});
  for (const auto& warning : warnings)
    require(!to_string(warning).empty(), "a warning has a sentence");
  if (!loaded) {
    require(!loaded.error().empty(), "a refusal has a reason");
    for (const auto& fault : loaded.error())
      require(!fault.message.empty() && !to_string(fault).empty(), "a fault has a sentence");
    return;
  }
  const auto& definition = *loaded;
  const auto again = compile_workflow(definition->document, limits);
  require(again.has_value(), "a stored definition compiles");
  require((*again)->hash == definition->hash, "a stored definition is the same workflow");

  const auto graph = analyse(*definition);
  to_text(graph);
  to_mermaid(graph);
  to_dot(graph);
  to_json(graph).dump();

  run_player run{definition, R"({"items": [1, 2, 3], "goal": "x", "request": {"topic_1": "t"}})"};
  run.work_off(300);
  run.check_replay();
}

} // namespace troupe::fuzz

#include "nodes/cli/commands.hpp"
#include "nodes/cli/documents.hpp"
#include "nodes/cli/format.hpp"
#include "runtime/language/graph.hpp"

#include <memory>
#include <ostream>
#include <vector>

namespace troupe::cli {

namespace {

struct check_values {
  document_flags document;
  std::string format = "text";
  bool as_json = false;
};

exit_code check(const check_values& x, console& io) {
  std::vector<diagnostic> warnings;
  auto loaded = load_workflow_file(x.document.file, x.document.agents, io.in, &warnings);
  if (!loaded) {
    if (!x.as_json)
      return complain(loaded.error(), io);
    io.out << json{{"valid", false}, {"faults", to_json(loaded.error())}}.dump(2) << '\n';
    return exit_code::bad_input;
  }
  auto graph = analyse(**loaded);
  if (!x.as_json)
    for (const auto& warning : warnings)
      io.err << "warning: " << printable(to_string(warning)) << '\n';
  if (x.as_json) {
    io.out << json{{"valid", true},
                   {"hash", (*loaded)->hash},
                   {"graph", to_json(graph)},
                   {"warnings", to_json(warnings)}}
                  .dump(2)
           << '\n';
  } else if (x.format == "mermaid") {
    io.out << to_mermaid(graph);
  } else if (x.format == "dot") {
    io.out << to_dot(graph);
  } else {
    io.out << to_text(graph);
  }
  return exit_code::done;
}

} // namespace

command check_command() {
  auto x = std::make_shared<check_values>();
  command out{
      .name = "check",
      .summary = "Check a workflow and print its dependency graph, parallel groups and expected saving",
      .arguments = {{.names = "-f,--format",
                     .target = &x->format,
                     .help = "How to draw the graph",
                     .value = "FORMAT",
                     .choices = {"text", "mermaid", "dot"}},
                    {.names = "--json",
                     .target = &x->as_json,
                     .help = "The graph and the warnings, or the faults, as JSON"}},
      .examples = "  troupe check review.yaml\n"
                  "  troupe check review.yaml -f dot | dot -Tsvg > review.svg\n"
                  "  troupe check parallel_group.json --agents agents.yaml --json\n",
      .run = [x](console& io) { return check(*x, io); },
  };
  auto documents = document_arguments(x->document);
  out.arguments.insert(out.arguments.begin(), documents.begin(), documents.end());
  return out;
}

} // namespace troupe::cli

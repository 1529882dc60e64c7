#include "nodes/cli/commands.hpp"
#include "nodes/cli/documents.hpp"
#include "nodes/cli/follow.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/cli/output.hpp"
#include "nodes/cli/session.hpp"

#include <cstdlib>
#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct run_values {
  session_flags session;
  follow_options follow;
  document_flags document;
  std::optional<std::string> input;
  std::string select;
};

exit_code run(run_values& x, console& io) {
  auto workflow = load_workflow_file(x.document.file, x.document.agents, io.in);
  if (!workflow)
    return complain(workflow.error(), io);
  auto input = read_input(x.input, io.in);
  if (!input)
    return complain(io, input.error());
  auto selection = read_selection(x.select);
  if (!selection)
    return complain(io, selection.error());
  x.follow.select = std::move(*selection);
  auto remote = !x.session.connect.empty() || (x.session.data.empty() && std::getenv("TROUPE_CONNECT") != nullptr);
  auto to = remote ? session::open(x.session, io) : session::open_local(x.session, io);
  if (!to)
    return to.error();
  auto run_id = (*to)->submit((*workflow)->document, *input);
  if (!run_id)
    return complain(io, run_id.error());
  // It goes on when this process dies or loses its way to the cluster.
  if (remote && !x.follow.quiet)
    io.err << "run " << printable(*run_id) << " begins; seen from elsewhere by: troupe watch " << printable(*run_id)
           << std::endl;
  x.follow.as_json = x.session.as_json;
  x.follow.cancel_on_interrupt = true;
  return follow(*to, *run_id, x.follow, io);
}

} // namespace

command run_command() {
  auto x = std::make_shared<run_values>();
  command out{
      .name = "run",
      .summary = "Run a workflow, here or on a cluster, and print its output",
      .arguments = {{.names = "--input",
                     .target = &x->input,
                     .help = "The input: JSON, @file, or - for standard input",
                     .value = "JSON|@FILE|-"},
                    {.names = "--connect",
                     .target = &x->session.connect,
                     .help = "Run on the cluster of this coordinator (default: $TROUPE_CONNECT, else in this process)",
                     .value = "HOST:PORT"},
                    {.names = "--data",
                     .target = &x->session.data,
                     .help = "Run in this process and keep the journal in this folder",
                     .value = "DIR",
                     .completes = completion::directory},
                    {.names = "--json",
                     .target = &x->session.as_json,
                     .help = "Print the output, the state and the error as JSON"},
                    {.names = "--select",
                     .target = &x->select,
                     .help = "Print only this part of the output (JSONPath); a text as it is",
                     .value = "PATH"},
                    {.names = "--allow-partial",
                     .target = &x->follow.allow_partial,
                     .help = "A partial result is a success"},
                    {.names = "-q,--quiet", .target = &x->follow.quiet, .help = "No progress"}},
      .examples = "  troupe run review.yaml\n"
                  "  troupe run review.yaml --input @input.json > report.json\n"
                  "  troupe run review.yaml --select '$.markdown' > report.md\n"
                  "  troupe run parallel_group.json --agents agents.yaml --connect 127.0.0.1:7400\n",
      .run = [x](console& io) { return run(*x, io); },
  };
  auto documents = document_arguments(x->document);
  out.arguments.insert(out.arguments.begin(), documents.begin(), documents.end());
  return out;
}

} // namespace troupe::cli

#include "nodes/cli/commands.hpp"
#include "nodes/cli/documents.hpp"
#include "nodes/cli/session.hpp"

#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct submit_values {
  session_flags session;
  document_flags document;
  std::optional<std::string> input;
  std::string run_id;
};

exit_code submit(submit_values& x, console& io) {
  auto workflow = load_workflow_file(x.document.file, x.document.agents, io.in);
  if (!workflow)
    return complain(workflow.error(), io);
  auto input = read_input(x.input, io.in);
  if (!input)
    return complain(io, input.error());
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  auto run_id = (*to)->submit((*workflow)->document, *input, x.run_id);
  if (!run_id)
    return complain(io, run_id.error());
  if (x.session.as_json)
    io.out << json{{"run_id", *run_id}}.dump() << '\n';
  else
    io.out << *run_id << '\n';
  return exit_code::done;
}

} // namespace

command submit_command() {
  auto x = std::make_shared<submit_values>();
  command out{
      .name = "submit",
      .summary = "Start a run and return at once; prints its id",
      .arguments = {{.names = "--input",
                     .target = &x->input,
                     .help = "The input: JSON, @file, or - for standard input",
                     .value = "JSON|@FILE|-"},
                    {.names = "--run-id",
                     .target = &x->run_id,
                     .help = "Your own id: submitting the same id again gives the same run",
                     .value = "ID"}},
      .examples = "  troupe submit review.yaml --input '{\"folder\": \"/usr/share/common-licenses\"}'\n"
                  "  troupe watch $(troupe submit review.yaml)\n",
      .run = [x](console& io) { return submit(*x, io); },
  };
  for (auto& arg : session_arguments(x->session))
    out.arguments.push_back(std::move(arg));
  auto documents = document_arguments(x->document);
  out.arguments.insert(out.arguments.begin(), documents.begin(), documents.end());
  return out;
}

} // namespace troupe::cli

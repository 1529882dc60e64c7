#include "nodes/cli/commands.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/run_source.hpp"
#include "nodes/cli/run_table.hpp"

#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct runs_values {
  session_flags session;
  uint32_t limit = 20;
  bool unfinished = false;
};

exit_code runs(runs_values& x, console& io) {
  auto from = run_source::open(x.session, io);
  if (!from)
    return from.error();
  auto list = from->list(x.limit, x.unfinished);
  if (!list)
    return complain(io, list.error());
  if (x.session.as_json)
    io.out << to_json(*list).dump(2) << '\n';
  else if (list->runs().empty())
    io.err << "no runs; start one: troupe submit FILE\n";
  else
    io.out << run_table(*list);
  return exit_code::done;
}

} // namespace

command runs_command() {
  auto x = std::make_shared<runs_values>();
  command out{
      .name = "runs",
      .summary = "List the runs, newest first",
      .arguments = {{.names = "-n,--limit", .target = &x->limit, .help = "At most so many", .value = "N"},
                    {.names = "--unfinished", .target = &x->unfinished, .help = "Only those that have not ended"}},
      .examples = "  troupe runs --unfinished\n"
                  "  troupe runs --json | python3 -m json.tool\n",
      .run = [x](console& io) { return runs(*x, io); },
  };
  for (auto& arg : session_arguments(x->session, true))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

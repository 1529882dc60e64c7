#include "nodes/cli/commands.hpp"
#include "nodes/cli/documents.hpp"
#include "nodes/cli/follow.hpp"
#include "nodes/cli/output.hpp"
#include "nodes/cli/session.hpp"

#include <memory>

namespace troupe::cli {

namespace {

struct watch_values {
  session_flags session;
  follow_options follow;
  std::string run_id;
  std::string timeout;
  std::string select;
};

exit_code watch(watch_values& x, console& io) {
  if (!x.timeout.empty()) {
    auto deadline = read_duration(x.timeout);
    if (!deadline)
      return complain(io, deadline.error());
    x.follow.deadline = *deadline;
  }
  auto selection = read_selection(x.select);
  if (!selection)
    return complain(io, selection.error());
  x.follow.select = std::move(*selection);
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  x.follow.as_json = x.session.as_json;
  return follow(*to, x.run_id, x.follow, io);
}

} // namespace

command watch_command() {
  auto x = std::make_shared<watch_values>();
  command out{
      .name = "watch",
      .summary = "Follow a run to its end and print its output; Ctrl-C leaves it running",
      .arguments =
          {{.names = "run", .target = &x->run_id, .help = "Its id", .value = "RUN", .required = true},
           {.names = "--timeout", .target = &x->timeout, .help = "Stop watching after this long", .value = "DURATION"},
           {.names = "--select",
            .target = &x->select,
            .help = "Print only this part of the output (JSONPath); a text as it is",
            .value = "PATH"},
           {.names = "--allow-partial", .target = &x->follow.allow_partial, .help = "A partial result is a success"},
           {.names = "-q,--quiet", .target = &x->follow.quiet, .help = "No progress"}},
      .examples = "  troupe watch 01JD2M3V --timeout 10m\n",
      .run = [x](console& io) { return watch(*x, io); },
  };
  for (auto& arg : session_arguments(x->session))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

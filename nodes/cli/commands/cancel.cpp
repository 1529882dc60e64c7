#include "nodes/cli/commands.hpp"
#include "nodes/cli/session.hpp"

#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct cancel_values {
  session_flags session;
  std::string run_id;
  std::string reason = "cancelled on the command line";
};

exit_code cancel(cancel_values& x, console& io) {
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  auto done = (*to)->cancel(x.run_id, x.reason);
  if (!done)
    return complain(io, done.error());
  if (x.session.as_json)
    io.out << json{{"run_id", x.run_id}}.dump() << '\n';
  return exit_code::done;
}

} // namespace

command cancel_command() {
  auto x = std::make_shared<cancel_values>();
  command out{
      .name = "cancel",
      .summary = "Ask a run to end as cancelled; nothing happens to one that has ended",
      .arguments = {{.names = "run", .target = &x->run_id, .help = "Its id", .value = "RUN", .required = true},
                    {.names = "--reason", .target = &x->reason, .help = "For the journal", .value = "TEXT"}},
      .examples = "  troupe cancel 01JD2M3V --reason 'wrong input'\n",
      .run = [x](console& io) { return cancel(*x, io); },
  };
  for (auto& arg : session_arguments(x->session))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

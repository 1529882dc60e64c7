#include "nodes/cli/commands.hpp"
#include "nodes/cli/session.hpp"

#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct drain_values {
  session_flags session;
  std::string node;
};

exit_code drain(drain_values& x, console& io) {
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  auto done = (*to)->drain(x.node);
  if (!done)
    return complain(io, done.error());
  if (x.session.as_json)
    io.out << json{{"node", x.node}}.dump() << '\n';
  else
    io.err << "the node gets nothing new; see how it empties: troupe nodes\n";
  return exit_code::done;
}

} // namespace

command drain_command() {
  auto x = std::make_shared<drain_values>();
  command out{
      .name = "drain",
      .summary = "Let a node finish what it has and give it nothing new",
      .arguments = {{.names = "node", .target = &x->node, .help = "Its name", .value = "NODE", .required = true}},
      .examples = "  troupe drain w1\n",
      .run = [x](console& io) { return drain(*x, io); },
  };
  for (auto& arg : session_arguments(x->session))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

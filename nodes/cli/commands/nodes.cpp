#include "nodes/cli/commands.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/session.hpp"
#include "nodes/cli/table.hpp"

#include <fmt/ranges.h>

#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

exit_code nodes(session_flags& flags, console& io) {
  auto to = session::open(flags, io);
  if (!to)
    return to.error();
  auto list = (*to)->nodes();
  if (!list)
    return complain(io, list.error());
  if (flags.as_json) {
    io.out << to_json(*list).dump(2) << '\n';
    return exit_code::done;
  }
  table out{{"NODE", "STATE", "ROLES", ">RUNNING", ">QUEUED", ">CAPACITY", ">SILENT", "ADDRESS", "VERSION"}};
  for (const auto& x : list->nodes()) {
    const auto* state = v1::NodeState_descriptor()->FindValueByNumber(x.state());
    out.add({x.info().name(), state == nullptr ? "unknown" : enum_name(*state),
             fmt::format("{}", fmt::join(x.info().roles(), ",")), std::to_string(x.load().running()),
             std::to_string(x.load().queued()), std::to_string(x.info().capacity()), format_duration(x.silent_ms()),
             x.info().address(), x.info().version()});
  }
  if (out.empty())
    io.err << "no worker has joined; start one: troupe node --role worker --join HOST:PORT\n";
  else
    io.out << out.to_string();
  return exit_code::done;
}

} // namespace

command nodes_command() {
  auto x = std::make_shared<session_flags>();
  return {
      .name = "nodes",
      .summary = "List the nodes of the cluster and how they are",
      .arguments = session_arguments(*x),
      .examples = "  troupe nodes --json\n",
      .run = [x](console& io) { return nodes(*x, io); },
  };
}

} // namespace troupe::cli

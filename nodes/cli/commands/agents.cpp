#include "nodes/cli/commands.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/session.hpp"
#include "nodes/cli/table.hpp"

#include <fmt/ranges.h>

#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct agents_values {
  session_flags session;
  std::string name;
  std::string kind;
  std::string capability;
  std::vector<std::string> labels;
};

exit_code agents(agents_values& x, console& io) {
  v1::FindAgents query;
  query.set_name(x.name);
  query.set_kind(x.kind);
  query.set_capability(x.capability);
  for (const auto& label : x.labels) {
    auto split = label.find('=');
    if (split == std::string::npos)
      return complain(
          io, error{v1::ERROR_CODE_INVALID_INPUT, "--label " + label + ": expected KEY=VALUE, as in --label zone=a"});
    (*query.mutable_labels())[label.substr(0, split)] = label.substr(split + 1);
  }
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  auto list = (*to)->agents(query);
  if (!list)
    return complain(io, list.error());
  if (x.session.as_json) {
    io.out << to_json(*list).dump(2) << '\n';
    return exit_code::done;
  }
  table out{{"AGENT", "KIND", "NODE", "STATE", "CAPABILITIES", "LABELS"}};
  for (const auto& entry : list->agents()) {
    const auto* state = v1::NodeState_descriptor()->FindValueByNumber(entry.node_state());
    std::string labels;
    for (const auto& [key, value] : entry.agent().labels())
      labels += (labels.empty() ? "" : ",") + key + '=' + value;
    out.add({entry.agent().name(), entry.agent().kind(), entry.node(), state == nullptr ? "unknown" : enum_name(*state),
             fmt::format("{}", fmt::join(entry.agent().capabilities(), ",")), labels});
  }
  if (out.empty())
    io.err << "no such agent on any node\n";
  else
    io.out << out.to_string();
  return exit_code::done;
}

} // namespace

command agents_command() {
  auto x = std::make_shared<agents_values>();
  command out{
      .name = "agents",
      .summary = "Find agents that nodes offer; all given conditions must hold",
      .arguments = {{.names = "--name", .target = &x->name, .help = "With this name", .value = "NAME"},
                    {.names = "--kind", .target = &x->kind, .help = "Of this kind", .value = "KIND"},
                    {.names = "--capability", .target = &x->capability, .help = "With this capability", .value = "C"},
                    {.names = "--label", .target = &x->labels, .help = "With this label", .value = "KEY=VALUE"}},
      .examples = "  troupe agents --capability web_search --label zone=a\n",
      .run = [x](console& io) { return agents(*x, io); },
  };
  for (auto& arg : session_arguments(x->session))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

#include "nodes/cli/commands.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/cli/interrupts.hpp"
#include "nodes/cli/output.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/run_source.hpp"
#include "nodes/cli/workspace_text.hpp"

#include <chrono>
#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

using namespace std::chrono_literals;

struct workspace_values {
  session_flags session;
  std::string run_id;
  std::string step;
  std::string artifact;
  uint32_t version = 0;
  bool history = false;
  bool watch = false;
};

/// What makes no sense, and what to do about it.
std::string fault_of(const workspace_values& x) {
  if (x.artifact.empty() && x.version != 0)
    return "--version is that of an artifact: name one with --artifact";
  if (x.artifact.empty() && x.history)
    return "--history is that of an artifact: name one with --artifact";
  if (x.watch && (x.version != 0 || x.history))
    return "--watch follows what is new: leave --version and --history out";
  if (x.watch && !x.session.data.empty())
    return "a journal folder can only be read: leave --watch out, or name its coordinator with --connect";
  return {};
}

exit_code look(const workspace_values& x, console& io) {
  auto from = run_source::open(x.session, io);
  if (!from)
    return from.error();
  auto view = from->workspace(x.run_id, x.step, x.artifact, x.version);
  if (!view)
    return complain(io, view.error());
  if (x.session.as_json) {
    io.out << to_json(*view).dump(2) << '\n';
  } else if (x.artifact.empty()) {
    io.out << workspace_text(*view);
  } else if (x.history) {
    io.out << history_text(view->artifact());
  } else if (auto written = write_output(io.out, view->artifact().value(), std::nullopt); !written) {
    return complain(io, written.error());
  }
  return exit_code::done;
}

/// Prints the changes, or only those of one artifact, until the team ends.
exit_code follow_changes(const workspace_values& x, console& io) {
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  interrupts signals;
  int64_t begin_ms = 0;
  auto first = true;
  auto wanted = [&](const v1::WorkspaceUpdate& update) {
    return x.artifact.empty() || update.has_ended()
           || (update.has_written() && update.written().artifact() == x.artifact);
  };
  workspace_handlers handlers;
  handlers.on_idle = [&] { return !signals.raised(); };
  handlers.on_update = [&](const v1::WorkspaceUpdate& update) {
    if (begin_ms == 0)
      begin_ms = update.at_ms();
    if (x.session.as_json) {
      if (wanted(update) || update.has_document())
        io.out << to_json(update).dump() << std::endl;
      return;
    }
    if (update.has_document() && !update.document().has_ended()) {
      if (!std::exchange(first, false))
        io.err << "some changes were missed; this is how it is now\n";
      if (x.artifact.empty())
        io.out << workspace_text(update.document()) << std::flush;
    } else if (auto line = change_line(update, begin_ms); wanted(update) && !line.empty()) {
      io.out << line << std::endl;
    }
  };
  // A year: the user's patience is the bound.
  auto end = (*to)->follow_workspace(x.run_id, x.step, 24h * 365, handlers);
  if (signals.raised())
    return exit_code::interrupted;
  return end ? exit_code::done : complain(io, end.error());
}

exit_code workspace(const workspace_values& x, console& io) {
  if (auto fault = fault_of(x); !fault.empty()) {
    io.err << "troupe: " << fault << '\n';
    return exit_code::bad_input;
  }
  return x.watch ? follow_changes(x, io) : look(x, io);
}

} // namespace

command workspace_command() {
  auto x = std::make_shared<workspace_values>();
  command out{
      .name = "workspace",
      .summary = "Show a team's shared workspace, or one of its artifacts; also of runs that have ended",
      .arguments =
          {{.names = "run", .target = &x->run_id, .help = "Its id", .value = "RUN", .required = true},
           {.names = "step",
            .target = &x->step,
            .help = "Place of the team's step (default: the team at work, else the only one)",
            .value = "STEP"},
           {.names = "--artifact", .target = &x->artifact, .help = "Only this artifact's value", .value = "NAME"},
           {.names = "--version", .target = &x->version, .help = "Of the artifact (default: the newest)", .value = "N"},
           {.names = "--history", .target = &x->history, .help = "Instead of the value: versions and their authors"},
           {.names = "--watch",
            .target = &x->watch,
            .help = "Follow the changes until the team ends; with --json one object per line"}},
      .examples = "  troupe workspace 01JD2M3V\n"
                  "  troupe workspace 01JD2M3V write --artifact draft --version 2\n"
                  "  troupe workspace 01JD2M3V write --watch\n",
      .run = [x](console& io) { return workspace(*x, io); },
  };
  for (auto& arg : session_arguments(x->session, true))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

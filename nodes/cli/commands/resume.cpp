#include "nodes/cli/commands.hpp"
#include "nodes/cli/follow.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/run_table.hpp"
#include "nodes/cli/session.hpp"

#include <algorithm>
#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct resume_values {
  session_flags session;
  follow_options follow;
  std::string run_id;
};

exit_code resume(resume_values& x, console& io) {
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  auto list = (*to)->resume(x.run_id);
  if (!list)
    return complain(io, list.error());
  if (x.session.data.empty()) {
    if (x.session.as_json)
      io.out << to_json(*list).dump(2) << '\n';
    else if (list->runs().empty())
      io.err << "nothing to resume: every unfinished run is being worked on\n";
    else
      io.out << run_table(*list);
    return exit_code::done;
  }
  // The node that works on them is in this process: stay until they have ended.
  auto unfinished = (*to)->list(0, true);
  if (!unfinished)
    return complain(io, unfinished.error());
  if (unfinished->runs().empty())
    io.err << "nothing to resume: every run has ended\n";
  auto worst = exit_code::done;
  x.follow.as_json = x.session.as_json;
  for (const auto& run : unfinished->runs()) {
    if (!x.run_id.empty() && run.run_id() != x.run_id)
      continue;
    if (run.owner() != to->owner()) {
      io.err << "run " << printable(run.run_id()) << " is worked on by another process\n";
      continue;
    }
    auto code = follow(*to, run.run_id(), x.follow, io);
    if (code == exit_code::interrupted)
      return code;
    worst = std::max(worst, code);
  }
  return worst;
}

} // namespace

command resume_command() {
  auto x = std::make_shared<resume_values>();
  command out{
      .name = "resume",
      .summary = "Continue unfinished runs that nobody works on",
      .arguments = {{.names = "run", .target = &x->run_id, .help = "Its id; without one: all of them", .value = "RUN"},
                    {.names = "--allow-partial",
                     .target = &x->follow.allow_partial,
                     .help = "With --data: a partial result is a success"}},
      .examples = "  troupe resume\n"
                  "  troupe resume --data ./state\n",
      .run = [x](console& io) { return resume(*x, io); },
  };
  for (auto& arg : session_arguments(x->session, true))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

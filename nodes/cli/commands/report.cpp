#include "nodes/cli/commands.hpp"
#include "nodes/cli/run_source.hpp"
#include "runtime/report/run_report.hpp"

#include <memory>
#include <ostream>
#include <vector>

namespace troupe::cli {

namespace {

struct report_values {
  session_flags session;
  std::vector<std::string> runs;
  uint32_t rows = 40;
};

exit_code report(report_values& x, console& io) {
  auto from = run_source::open(x.session, io);
  if (!from)
    return from.error();
  if (x.runs.empty()) {
    auto newest = from->list(1, false);
    if (!newest)
      return complain(io, newest.error());
    if (newest->runs().empty()) {
      io.err << "no runs; start one: troupe submit FILE\n";
      return exit_code::bad_input;
    }
    x.runs.push_back(newest->runs(0).run_id());
  }
  std::vector<run_report> reports;
  for (const auto& id : x.runs) {
    auto details = from->get(id);
    auto made = details ? make_report(*details) : result<run_report>{tl::unexpected(details.error())};
    if (!made)
      return complain(io, made.error());
    reports.push_back(std::move(*made));
  }
  if (x.session.as_json)
    io.out << (reports.size() == 1 ? to_json(reports.front()) : compare_json(reports)).dump(2) << '\n';
  else
    io.out << (reports.size() == 1 ? to_text(reports.front(), x.rows) : compare_text(reports));
  return exit_code::done;
}

} // namespace

command report_command() {
  auto x = std::make_shared<report_values>();
  command out{
      .name = "report",
      .summary = "Show what a run did, what it cost and what it saved; several runs are put side by side",
      .arguments =
          {{.names = "run", .target = &x->runs, .help = "Ids of runs; the newest run without one", .value = "RUN"},
           {.names = "--rows", .target = &x->rows, .help = "Most attempts in the timeline (default 40)", .value = "N"}},
      .examples = "  troupe report\n"
                  "  troupe report 20260102-103000-k3f9x2ab 20260102-110000-7m2q8d4e\n"
                  "  troupe report --json | python3 -m json.tool\n",
      .run = [x](console& io) { return report(*x, io); },
  };
  for (auto& arg : session_arguments(x->session, true))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

#include "nodes/cli/commands.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/cli/output.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/run_source.hpp"
#include "nodes/cli/team_lines.hpp"
#include "runtime/run/replay.hpp"
#include "runtime/run/state_name.hpp"
#include "runtime/team/op_json.hpp"

#include <fmt/format.h>

#include <memory>
#include <ostream>
#include <utility>

namespace troupe::cli {

namespace {

struct show_values {
  session_flags session;
  std::string run_id;
  bool events = false;
  bool definition = false;
  bool output = false;
  std::string select;
};

/// "task_finished  task 3, attempt 1: success on w1"
std::string describe(const v1::RunEvent& x) {
  switch (x.event_case()) {
  case v1::RunEvent::kRunSubmitted:
    return "run_submitted";
  case v1::RunEvent::kTaskFinished: {
    const auto& result = x.task_finished().result();
    const auto* status = v1::TaskStatus_descriptor()->FindValueByNumber(result.status());
    auto out = fmt::format("task_finished  task {}, attempt {}: {}", result.task(), result.attempt(),
                           status == nullptr ? "unknown" : enum_name(*status));
    if (!result.node().empty())
      out += " on " + result.node();
    if (result.has_error())
      out += ": " + result.error().message();
    return out;
  }
  case v1::RunEvent::kTaskLost:
    return fmt::format("task_lost  task {}, attempt {} on {}: {}", x.task_lost().task(), x.task_lost().attempt(),
                       x.task_lost().node(), x.task_lost().reason());
  case v1::RunEvent::kTimerFired:
    return fmt::format("timer_fired  timer {}", x.timer_fired().timer());
  case v1::RunEvent::kRunCancelRequested:
    return "run_cancel_requested  " + x.run_cancel_requested().reason();
  case v1::RunEvent::kRunResumed:
    return fmt::format("run_resumed  by {}, epoch {}", x.run_resumed().owner(), x.run_resumed().epoch());
  case v1::RunEvent::kTaskOperation: {
    const auto& op = x.task_operation().op();
    return fmt::format("task_operation  task {}, attempt {}, number {}: {}", op.task(), op.attempt(), op.number(),
                       name_of(op));
  }
  case v1::RunEvent::kQuestionAnswered:
    return fmt::format("question_answered  {} by {}", x.question_answered().question(), x.question_answered().who());
  case v1::RunEvent::EVENT_NOT_SET:
    break;
  }
  return "unknown event";
}

/// What the run's teams said and wrote, in order.
void print_teams(const v1::RunDetails& run, std::ostream& out) {
  auto replayed = replay_run(run);
  // Then `line` has said which run it is, and the events are there to be looked at.
  if (!replayed)
    return;
  auto first = true;
  auto begin = run.events().empty() ? 0 : run.events(0).at_ms();
  for (const auto& update : replayed->updates) {
    if (!update.has_team_event())
      continue;
    if (auto text = team_line(update.team_event()); !text.empty()) {
      if (std::exchange(first, false))
        out << "teams\n";
      out << fmt::format("{:>12}  {}\n", "+" + format_duration(update.at_ms() - begin), text);
    }
  }
}

void print_run(const v1::RunDetails& run, bool with_events, std::ostream& out) {
  const auto& summary = run.summary();
  auto line = [&](std::string_view key, const std::string& value) {
    if (!value.empty())
      out << fmt::format("{:<11} {}\n", key, printable(value));
  };
  line("run", summary.run_id());
  line("workflow", summary.workflow());
  line("state", std::string{state_name(summary.state())});
  line("started", format_time(summary.created_at_ms()));
  if (summary.finished_at_ms() != 0)
    line("took", format_duration(summary.finished_at_ms() - summary.created_at_ms()));
  line("error", summary.error());
  line("owner", fmt::format("{} (epoch {})", summary.owner(), summary.epoch()));
  line("definition", summary.definition_hash());
  line("events", std::to_string(run.events_size()));
  print_teams(run, out);
  if (!with_events)
    return;
  auto begin = run.events().empty() ? 0 : run.events(0).at_ms();
  for (int i = 0; i < run.events_size(); ++i)
    out << fmt::format("{:>6}  {:>10}  {}\n", i + 1, "+" + format_duration(run.events(i).at_ms() - begin),
                       printable(describe(run.events(i))));
}

/// The journal holds what came in; what went out is what the machine makes of it again.
exit_code print_output(const v1::RunDetails& run, const std::optional<jsonpath>& select, console& io) {
  auto again = replay_run(run);
  if (!again)
    return complain(io, again.error());
  if (!again->machine.finished())
    return complain(io, {v1::ERROR_CODE_UNAVAILABLE,
                         "the run has not ended; troupe watch " + run.summary().run_id() + " waits for it", true});
  const auto& output = again->machine.outcome().output;
  if (output.empty())
    return complain(io, {v1::ERROR_CODE_NOT_FOUND, "the run has no output: " + run.summary().error(), false});
  if (auto written = write_output(io.out, output, select); !written)
    return complain(io, written.error());
  return exit_code::done;
}

exit_code show(show_values& x, console& io) {
  auto selection = read_selection(x.select);
  if (!selection)
    return complain(io, selection.error());
  auto from = run_source::open(x.session, io);
  if (!from)
    return from.error();
  auto run = from->get(x.run_id);
  if (!run)
    return complain(io, run.error());
  if (x.output || *selection)
    return print_output(*run, *selection, io);
  if (x.definition)
    io.out << bytes_to_json(run->definition()).dump(2) << '\n';
  else if (x.session.as_json)
    io.out << to_json(*run).dump(2) << '\n';
  else
    print_run(*run, x.events, io.out);
  return exit_code::done;
}

} // namespace

command show_command() {
  auto x = std::make_shared<show_values>();
  command out{
      .name = "show",
      .summary = "Show one run: its state, its journal, its definition, its output",
      .arguments = {{.names = "run", .target = &x->run_id, .help = "Its id", .value = "RUN", .required = true},
                    {.names = "--events", .target = &x->events, .help = "With all events of its journal"},
                    {.names = "--definition", .target = &x->definition, .help = "Only the definition it is pinned to"},
                    {.names = "--output", .target = &x->output, .help = "Only its output"},
                    {.names = "--select",
                     .target = &x->select,
                     .help = "Only this part of its output (JSONPath); a text as it is",
                     .value = "PATH"}},
      .examples = "  troupe show 01JD2M3V --events\n"
                  "  troupe show 01JD2M3V --select '$.markdown'\n",
      .run = [x](console& io) { return show(*x, io); },
  };
  for (auto& arg : session_arguments(x->session, true))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli

#include "nodes/cli/follow.hpp"

#include "nodes/cli/format.hpp"
#include "nodes/cli/interrupts.hpp"
#include "nodes/cli/output.hpp"
#include "nodes/cli/progress.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/steady_time.hpp"
#include "nodes/cli/team_lines.hpp"

#include <chrono>
#include <ostream>

namespace troupe::cli {

namespace {

using namespace std::chrono_literals;

/// How long a cancelled run may take to end.
constexpr int64_t cancel_grace_ms = 15'000;

/// What --json prints.
json outcome_to_json(const v1::RunFinished& end) {
  auto out = to_json(end.summary());
  out["output"] = bytes_to_json(end.output());
  out["error"] = end.has_error() ? to_json(end.error()) : json();
  return out;
}

/// What a team may wait for a person to answer. Lines have told the question itself, bars have not.
void tell_question(const session& to, const v1::TeamEvent& event, console& io, progress& view) {
  if (io.err_is_terminal)
    io.err << view.erase() << team_line(event) << '\n';
  if (auto here = to.own_address(); !here.empty())
    io.err << "troupe answer reaches this run, while it waits, with --connect " << here << '\n';
  io.err << std::flush;
}

} // namespace

exit_code follow(session& to, const std::string& run_id, const follow_options& options, console& io) {
  interrupts signals;
  progress_options how;
  how.terminal = io.err_is_terminal;
  how.width = io.width;
  progress view{how};
  int64_t cancelled_at = 0;
  int64_t drawn_at = 0;
  auto redraw = [&] {
    io.err << view.draw(steady_now_ms()) << std::flush;
    drawn_at = steady_now_ms();
  };
  wait_handlers handlers;
  handlers.on_update = [&](const v1::RunUpdate& x) {
    auto lines = view.update(x, steady_now_ms());
    if (options.quiet)
      return;
    if (!lines.empty())
      io.err << lines << std::flush;
    if (x.team_event().has_question())
      tell_question(to, x.team_event(), io, view);
    if (io.err_is_terminal && steady_now_ms() - drawn_at >= 100)
      redraw();
  };
  handlers.on_idle = [&] {
    if (signals.raised() && cancelled_at == 0) {
      if (!options.cancel_on_interrupt)
        return false;
      cancelled_at = steady_now_ms();
      io.err << view.erase() << "cancelling the run; once more Ctrl-C to leave at once\n" << std::flush;
      // A coordinator that is away cannot be asked; the wait for the end is bounded below.
      static_cast<void>(to->cancel(run_id, "interrupted"));
    }
    if (!options.quiet && io.err_is_terminal)
      redraw();
    return cancelled_at == 0 || steady_now_ms() - cancelled_at < cancel_grace_ms;
  };
  handlers.on_restart = [&] {
    io.err << view.erase() << "connected again\n" << std::flush;
    view = progress{how};
  };
  // A year: the user's patience is the bound.
  auto end = to->wait(run_id, options.deadline.value_or(24h * 365), handlers);
  if (!options.quiet)
    io.err << view.draw(steady_now_ms());
  if (signals.raised() && !options.cancel_on_interrupt) {
    io.err << "no longer watching; the run goes on: troupe watch " << printable(run_id) << '\n';
    return exit_code::interrupted;
  }
  if (!end) {
    if (cancelled_at != 0) {
      io.err << "troupe: the run did not end in time; see: troupe show " << printable(run_id) << '\n';
      return exit_code::interrupted;
    }
    if (end.error().code == v1::ERROR_CODE_TIMED_OUT)
      io.err << "the run goes on: troupe watch " << printable(run_id) << '\n';
    return complain(io, end.error());
  }
  if (!options.quiet)
    io.err << "run " << printable(run_id) << ' ' << view.summary() << std::endl;
  if (options.as_json)
    io.out << outcome_to_json(*end).dump(2) << '\n';
  else if (!end->output().empty()) {
    if (auto written = write_output(io.out, end->output(), options.select); !written)
      return complain(io, written.error());
  }
  auto state = end->summary().state();
  if (end->has_error() && !options.as_json && state != v1::RUN_STATE_SUCCEEDED)
    io.err << "troupe: " << printable(end->error().message()) << '\n';
  if (cancelled_at != 0)
    return exit_code::interrupted;
  if (state == v1::RUN_STATE_PARTIAL && !options.allow_partial)
    io.err << "troupe: the result is a partial one; --allow-partial takes it for success\n";
  return exit_code_of(state, options.allow_partial);
}

} // namespace troupe::cli

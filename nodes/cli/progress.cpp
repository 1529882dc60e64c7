#include "nodes/cli/progress.hpp"

#include "nodes/cli/format.hpp"
#include "nodes/cli/team_lines.hpp"
#include "runtime/run/state_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::cli {

namespace {

/// Step of the top level that a place lies in: "research" of "research[3].draft".
std::string_view top_of(std::string_view place) {
  return place.substr(0, place.find_first_of(".["));
}

/// Whether a place is a branch or member directly below the top level: "research[GPL-3.0]", but neither "research" nor
/// "research[GPL-3.0].draft".
bool is_child(std::string_view place) {
  auto top = top_of(place);
  if (top.size() == place.size())
    return false;
  if (place[top.size()] == '[')
    return place.find(']', top.size()) + 1 == place.size();
  return place.find_first_of(".[", top.size() + 1) == std::string_view::npos;
}

std::string_view mark_of(std::string_view outcome) {
  if (outcome == "succeeded")
    return "✔";
  if (outcome == "skipped")
    return "·";
  return "✘";
}

/// For "… in 3 s".
std::string_view in_words(v1::RunState state) {
  return state == v1::RUN_STATE_SUCCEEDED ? "done" : state == v1::RUN_STATE_PARTIAL ? "partly done" : state_name(state);
}

std::string count(uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

} // namespace

std::string bar(uint64_t done, uint64_t total, size_t width) {
  auto filled = total == 0 ? 0 : std::min<uint64_t>(width, done * width / total);
  std::string out;
  for (size_t i = 0; i < width; ++i)
    out += i < filled ? "━" : "─";
  return out;
}

progress::progress(progress_options options) : options_(options) {
  // nop
}

std::string progress::update(const v1::RunUpdate& x, int64_t now_ms) {
  skew_ms_ = x.at_ms() - now_ms;
  std::string lines;
  switch (x.update_case()) {
  case v1::RunUpdate::kStepStarted:
    lines = on(x.step_started(), x.at_ms());
    break;
  case v1::RunUpdate::kStepFinished:
    lines = on(x.step_finished(), x.at_ms());
    break;
  case v1::RunUpdate::kTaskStarted:
    lines = on(x.task_started(), x.at_ms());
    break;
  case v1::RunUpdate::kTaskEnded:
    lines = on(x.task_ended(), x.at_ms());
    break;
  case v1::RunUpdate::kTaskProgress:
    lines = on(x.task_progress());
    break;
  case v1::RunUpdate::kRunFinished:
    lines = on(x.run_finished(), x.at_ms());
    break;
  case v1::RunUpdate::kTeamEvent:
    lines = team_line(x.team_event());
    if (!lines.empty())
      lines += '\n';
    break;
  case v1::RunUpdate::UPDATE_NOT_SET:
    break;
  }
  return options_.terminal ? std::string{} : lines;
}

progress::step_view& progress::view_of(std::string_view place, int64_t at_ms) {
  auto top = top_of(place);
  auto found = index_.find(top);
  if (found == index_.end()) {
    found = index_.emplace(std::string{top}, steps_.size()).first;
    auto& view = steps_.emplace_back();
    view.name = printable(top);
    view.started_at_ms = at_ms;
  }
  return steps_[found->second];
}

void progress::child_ended(step_view& view, std::string_view place, bool success) {
  if (view.children > 0 && is_child(place) && view.ended_children.emplace(place).second && !success)
    ++view.failed_children;
}

std::string progress::on(const v1::StepStarted& x, int64_t at_ms) {
  auto& view = view_of(x.step(), at_ms);
  if (top_of(x.step()).size() != x.step().size())
    return {};
  // The body of a `choose` and the like has the path of its step.
  if (++view.frames > 1)
    return {};
  view.children = x.children();
  return x.children() > 0 ? fmt::format("{}: started, {}\n", view.name, count(x.children(), "branch", "branches"))
                          : fmt::format("{}: started\n", view.name);
}

std::string progress::on(const v1::StepFinished& x, int64_t at_ms) {
  auto& view = view_of(x.step(), at_ms);
  if (top_of(x.step()).size() != x.step().size()) {
    child_ended(view, x.step(), x.outcome() == "succeeded");
    return tell_quarter(view);
  }
  if (view.frames > 1) {
    --view.frames;
    return {};
  }
  view.outcome = x.outcome();
  view.partial = x.partial();
  view.ended_at_ms = at_ms;
  view.note = printable(x.error());
  view.running = 0;
  if (x.outcome() == "skipped")
    return fmt::format("{}: skipped\n", view.name);
  return fmt::format("{}: {}{} after {}{}{}\n", view.name, printable(x.outcome()),
                     x.outcome() == "succeeded" ? (x.partial() ? " in part" : "")
                     : x.partial()              ? " (tolerated)"
                                                : "",
                     format_duration(at_ms - view.started_at_ms), view.note.empty() ? "" : ": ", view.note);
}

std::string progress::on(const v1::TaskStarted& x, int64_t at_ms) {
  auto& view = view_of(x.step(), at_ms);
  ++view.running;
  step_of_task_[x.task()] = index_.find(top_of(x.step()))->second;
  return {};
}

std::string progress::on(const v1::TaskEnded& x, int64_t at_ms) {
  auto& view = view_of(x.step(), at_ms);
  if (view.running > 0)
    --view.running;
  step_of_task_.erase(x.task());
  auto success = x.status() == v1::TASK_STATUS_SUCCESS;
  if (x.will_retry())
    ++view.retries;
  if (success)
    return {};
  return fmt::format("{}: attempt {} of {}{}{} failed: {}{}\n", printable(x.step()), x.attempt(), printable(x.agent()),
                     x.node().empty() ? "" : " on ", printable(x.node()), printable(x.error()),
                     x.will_retry() ? "; it is tried again" : "");
}

std::string progress::on(const v1::TaskProgress& x) {
  auto found = step_of_task_.find(x.task());
  if (found == step_of_task_.end())
    return {};
  auto& view = steps_[found->second];
  view.note = printable(x.note());
  if (x.fraction() >= 0 && x.fraction() <= 1 && view.children == 0)
    view.note = fmt::format("{:.0f} % {}", x.fraction() * 100, view.note);
  return {};
}

std::string progress::on(const v1::RunFinished& x, int64_t at_ms) {
  state_ = x.summary().state();
  // Who came late has not seen all of it.
  took_ms_ = x.summary().finished_at_ms() - x.summary().created_at_ms();
  tasks_ = x.tasks();
  retries_ = x.retries();
  failures_ = x.failed_tasks();
  for (auto& view : steps_) {
    if (view.outcome.empty()) {
      view.outcome = "cancelled";
      view.ended_at_ms = at_ms;
    }
  }
  return {};
}

std::string progress::tell_quarter(step_view& view) {
  // Small fan-outs end before anybody wonders.
  if (view.children < 8)
    return {};
  auto ended = static_cast<uint32_t>(view.ended_children.size());
  auto quarters = std::min<uint32_t>(ended * uint64_t{4} / view.children, 3);
  if (quarters <= view.quarters_told)
    return {};
  view.quarters_told = quarters;
  return fmt::format("{}: {} of {}\n", view.name, ended, view.children);
}

std::string progress::line_of(const step_view& view, size_t name_width, int64_t now_ms) const {
  auto ended = !view.outcome.empty();
  auto until = ended ? view.ended_at_ms : now_ms + skew_ms_;
  auto time = format_duration(until - view.started_at_ms);
  // No clock with a tenth of a second that runs: it is restless.
  if (!ended && until - view.started_at_ms < 60'000)
    time = fmt::format("{} s", std::max<int64_t>(0, (until - view.started_at_ms) / 1'000));
  auto name = clip(view.name, name_width);
  auto line = fmt::format("{} {}{}", ended ? mark_of(view.outcome) : "▸", name,
                          std::string(name_width - display_width(name), ' '));
  if (view.children > 0) {
    constexpr size_t bar_width = 24;
    auto branches = view.ended_children.size();
    line += fmt::format("  {}  {}/{}", bar(branches, view.children, bar_width), branches, view.children);
    if (view.failed_children > 0)
      line += fmt::format("  {} failed", view.failed_children);
  }
  if (view.running > (view.children > 0 ? 0U : 1U))
    line += fmt::format("  {} running", view.running);
  if (view.retries > 0)
    line += "  " + count(view.retries, "retry", "retries");
  line += "  " + (ended && view.outcome == "skipped" ? "skipped" : time);
  if (!view.note.empty())
    line += "  " + view.note;
  return clip(line, options_.width > 1 ? options_.width - 1 : 1);
}

std::string progress::draw(int64_t now_ms) {
  if (!options_.terminal)
    return {};
  // What runs is what people look for: steps that ended first make room.
  size_t hidden = steps_.size() > options_.height ? steps_.size() - options_.height : 0;
  std::vector<const step_view*> shown;
  size_t left_out = 0;
  for (const auto& view : steps_) {
    if (left_out < hidden && !view.outcome.empty())
      ++left_out;
    else
      shown.push_back(&view);
  }
  if (shown.size() > options_.height)
    shown.resize(options_.height);
  size_t name_width = 4;
  for (const auto* view : shown)
    name_width = std::max(name_width, std::min<size_t>(24, display_width(view->name)));
  auto out = erase();
  if (left_out > 0) {
    out += fmt::format("✔ {} more\n", left_out);
    ++lines_drawn_;
  }
  for (const auto* view : shown) {
    out += line_of(*view, name_width, now_ms) + '\n';
    ++lines_drawn_;
  }
  return out;
}

std::string progress::erase() {
  if (lines_drawn_ == 0)
    return {};
  // To the first of our lines, then delete to the end of the screen.
  return fmt::format("\x1b[{}F\x1b[0J", std::exchange(lines_drawn_, 0));
}

std::string progress::summary() const {
  auto out = fmt::format("{} in {}: {}", in_words(state_), format_duration(took_ms_), count(tasks_, "task", "tasks"));
  if (retries_ > 0)
    out += ", " + count(retries_, "retry", "retries");
  if (failures_ > 0)
    out += fmt::format(", {} failed", failures_);
  return out;
}

} // namespace troupe::cli

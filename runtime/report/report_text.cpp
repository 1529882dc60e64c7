#include "runtime/report/run_report.hpp"

#include "runtime/report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

std::string duration(double ms) {
  if (ms == 0)
    return "0 ms";
  if (ms < 1)
    return fmt::format("{:.2f} ms", ms);
  if (ms < 1'000)
    return fmt::format("{:.0f} ms", ms);
  if (ms < 60'000)
    return fmt::format("{:.2f} s", ms / 1'000);
  auto seconds = static_cast<int64_t>(std::llround(ms / 1'000));
  if (seconds < 3'600)
    return fmt::format("{} m {:02} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {:02} m", seconds / 3'600, seconds / 60 % 60);
}

std::string duration(int64_t ms) {
  return duration(static_cast<double>(ms));
}

std::string money(double usd) {
  return usd == 0 ? "-" : fmt::format("{:.4f} USD", usd);
}

std::string tokens(const usage_report& x) {
  return x.tokens_in + x.tokens_out == 0 ? "-" : fmt::format("{} in, {} out", x.tokens_in, x.tokens_out);
}

std::string saving(const run_report& x) {
  if (x.speedup == 0)
    return "-";
  if (x.saved_percent <= 0)
    return fmt::format("none ({:.2f} times as fast as one after the other)", x.speedup);
  return fmt::format("{:.1f} % ({:.2f} times as fast as one after the other)", x.saved_percent, x.speedup);
}

std::string count(uint64_t n, const char* one, const char* many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

constexpr size_t error_width = 120;

void add_summary(const run_report& x, std::string& out) {
  auto line = [&](const char* key, const std::string& value) { out += fmt::format("{:<15}{}\n", key, value); };
  line("run", x.run_id);
  line("workflow", printable(x.workflow, error_width));
  line("state", x.state);
  if (!x.error.empty())
    line("error", printable(x.error, error_width));
  line("total time", duration(x.total_ms));
  line("sum of parts", duration(x.parts_ms));
  line("critical path",
       fmt::format("{} in {}", duration(x.critical_ms), count(x.critical_path.size(), "attempt", "attempts")));
  line("time saved", saving(x));
  line("tasks", fmt::format("{} ({}, {}, {} lost)", x.tasks, count(x.attempts.size(), "attempt", "attempts"),
                            count(x.retries, "retry", "retries"), x.lost + x.superseded));
  line("cost", money(x.usage.usd));
  line("tokens", tokens(x.usage));
}

void add_shares(const char* title, const std::vector<share_report>& shares, std::string& out) {
  if (shares.empty())
    return;
  text_table table{{title, ">TASKS", ">ATTEMPTS", ">FAILED", ">WORK", ">TOKENS IN", ">OUT", ">USD"}};
  for (auto& x : shares)
    table.add({x.name, std::to_string(x.tasks), std::to_string(x.attempts), std::to_string(x.failures),
               duration(x.work_ms), std::to_string(x.usage.tokens_in), std::to_string(x.usage.tokens_out),
               fmt::format("{:.4f}", x.usage.usd)});
  out += "\n" + table.to_string(0);
}

void add_teams(const run_report& x, std::string& out, size_t most_rows) {
  auto rows = std::min(most_rows, x.teams.size());
  for (size_t i = 0; i < rows; ++i) {
    auto& team = x.teams[i];
    out += fmt::format("\nteam {}: {}{}\n", printable(team.step, error_width), team.outcome,
                       team.ended.empty()
                           ? ""
                           : fmt::format(" ({}, {})", team.ended, count(team.iterations, "iteration", "iterations")));
    text_table table{{"ROLE", ">TURNS", ">ANSWERS", ">ASKED", ">ANSWERED", ">WRITES", ">REFUSED", ">WORK", ">WAITED",
                      ">TOKENS IN", ">OUT", ">USD"}};
    for (auto& role : team.roles)
      table.add({role.role, std::to_string(role.turns), std::to_string(role.answers), std::to_string(role.asked),
                 std::to_string(role.answered), std::to_string(role.writes), std::to_string(role.refused),
                 duration(role.work_ms), duration(role.waited_ms), std::to_string(role.usage.tokens_in),
                 std::to_string(role.usage.tokens_out), fmt::format("{:.4f}", role.usage.usd)});
    out += table.to_string(0);
  }
  if (rows < x.teams.size())
    out += fmt::format("… and {} more teams\n", x.teams.size() - rows);
}

void add_critical_path(const run_report& x, std::string& out, size_t most_rows) {
  if (x.critical_path.empty())
    return;
  text_table table{{"CRITICAL PATH", "AGENT", ">TRY", ">START", ">TOOK", ">AGENT'S TIME"}};
  auto rows = std::min(most_rows, x.critical_path.size());
  for (size_t i = 0; i < rows; ++i) {
    auto& c = x.critical_path[i];
    table.add({c.step, c.agent, std::to_string(c.attempt), duration(c.start_ms), duration(c.end_ms - c.start_ms),
               duration(c.run_ms)});
  }
  out += "\n" + table.to_string(0);
  if (rows < x.critical_path.size())
    out += fmt::format("… and {} more\n", x.critical_path.size() - rows);
}

void add_timeline(const run_report& x, std::string& out, size_t most_rows) {
  if (x.attempts.empty())
    return;
  text_table table{{"STEP", "AGENT", "NODE", ">TRY", "STATUS", ">START", ">WAIT", ">QUEUE", ">RUN"}};
  auto rows = std::min(most_rows, x.attempts.size());
  for (size_t i = 0; i < rows; ++i) {
    auto& a = x.attempts[i];
    table.add({a.step, a.agent, a.node, std::to_string(a.attempt), a.status, duration(a.start_ms), duration(a.wait_ms),
               duration(a.queue_ms), duration(a.run_ms)});
  }
  out += "\n" + table.to_string(0);
  if (rows < x.attempts.size())
    out += fmt::format("… and {} more\n", x.attempts.size() - rows);
}

void add_failures(const run_report& x, std::string& out, size_t most_rows) {
  if (x.failures.empty())
    return;
  out += "\nfailed:\n";
  auto rows = std::min(most_rows, x.failures.size());
  for (size_t i = 0; i < rows; ++i)
    out += fmt::format("  {}: {}\n", printable(x.failures[i].step, error_width),
                       printable(x.failures[i].error, error_width));
  if (rows < x.failures.size())
    out += fmt::format("  … and {} more\n", x.failures.size() - rows);
}

} // namespace

std::string to_text(const run_report& report, size_t most_rows) {
  std::string out;
  add_summary(report, out);
  add_failures(report, out, most_rows);
  add_shares("AGENT", report.agents, out);
  add_shares("NODE", report.nodes, out);
  add_teams(report, out, most_rows);
  add_critical_path(report, out, most_rows);
  add_timeline(report, out, most_rows);
  return out;
}

std::string compare_text(std::span<const run_report> reports) {
  std::vector<std::string> headings{""};
  for (auto& x : reports)
    headings.push_back(">" + x.run_id);
  text_table table{std::move(headings)};
  auto row = [&](const char* figure, auto value) {
    std::vector<std::string> cells{figure};
    for (auto& x : reports)
      cells.push_back(value(x));
    table.add(std::move(cells));
  };
  row("workflow", [](const run_report& x) { return x.workflow; });
  row("state", [](const run_report& x) { return x.state; });
  row("total time", [](const run_report& x) { return duration(x.total_ms); });
  auto same = std::all_of(reports.begin(), reports.end(),
                          [&](const run_report& x) { return x.workflow == reports.front().workflow; });
  if (same && reports.size() > 1 && reports.front().total_ms > 0)
    row("against first", [&](const run_report& x) {
      return x.total_ms == 0 ? std::string{"-"}
                             : fmt::format("{:.2f} times as fast", static_cast<double>(reports.front().total_ms)
                                                                       / static_cast<double>(x.total_ms));
    });
  row("sum of parts", [](const run_report& x) { return duration(x.parts_ms); });
  row("critical path", [](const run_report& x) { return duration(x.critical_ms); });
  row("speedup", [](const run_report& x) { return x.speedup == 0 ? "-" : fmt::format("{:.2f}", x.speedup); });
  row("time saved", [](const run_report& x) {
    return x.speedup == 0 ? "-" : x.saved_percent <= 0 ? "none" : fmt::format("{:.1f} %", x.saved_percent);
  });
  row("tasks", [](const run_report& x) { return std::to_string(x.tasks); });
  row("retries", [](const run_report& x) { return std::to_string(x.retries); });
  row("lost attempts", [](const run_report& x) { return std::to_string(x.lost + x.superseded); });
  row("failed parts", [](const run_report& x) { return std::to_string(x.failures.size()); });
  row("tokens", [](const run_report& x) { return std::to_string(x.usage.tokens_in + x.usage.tokens_out); });
  row("cost", [](const run_report& x) { return money(x.usage.usd); });
  return table.to_string(0);
}

} // namespace troupe

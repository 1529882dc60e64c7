#include "runtime/report/run_report.hpp"

#include "runtime/report/critical_path.hpp"
#include "runtime/report/step_tree.hpp"
#include "runtime/report/team_shares.hpp"
#include "runtime/run/replay.hpp"
#include "runtime/run/state_name.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe {

namespace {

/// What the node said of the attempt. Times are bounded by what we saw ourselves: a report must not be talked into
/// savings by a node's word.
void add_result(attempt_report& x, const v1::TaskResult& result, int64_t began_at_ms) {
  auto& timings = result.timings();
  auto seen = std::max<double>(0, static_cast<double>(x.end_ms - x.start_ms));
  auto bounded = [&](double ms) { return std::clamp(ms, 0.0, seen); };
  if (timings.dispatched_at_ms() > 0)
    x.wait_ms = bounded(static_cast<double>(timings.dispatched_at_ms() - began_at_ms - x.start_ms));
  x.queue_ms = bounded(static_cast<double>(timings.queued_us()) / 1000);
  x.run_ms = bounded(static_cast<double>(timings.run_us()) / 1000);
  auto work_us = timings.work_us() > 0 ? std::min(timings.work_us(), timings.run_us()) : timings.run_us();
  x.work_ms = bounded(static_cast<double>(work_us) / 1000);
  // Journal times are whole milliseconds: what ended within its first one still ran.
  if (seen == 0) {
    x.run_ms = std::min(1.0, static_cast<double>(timings.run_us()) / 1000);
    x.work_ms = std::min(1.0, static_cast<double>(work_us) / 1000);
  }
  x.usage = {result.usage().tokens_in(), result.usage().tokens_out(), std::max(0.0, result.usage().usd())};
}

void add_events(step_tree& tree, const v1::RunDetails& details, int64_t began_at_ms) {
  for (auto& event : details.events()) {
    if (event.has_task_finished()) {
      auto& result = event.task_finished().result();
      // Others are aggregations: no agent's work.
      if (auto* x = tree.find(result.task(), result.attempt()))
        add_result(*x, result, began_at_ms);
    } else if (event.has_task_lost()) {
      if (auto* x = tree.find(event.task_lost().task(), event.task_lost().attempt())) {
        x->status = "lost";
        x->node = event.task_lost().node();
        x->error = event.task_lost().reason();
      }
    }
  }
}

void collect_steps(const step_instance& x, run_report& out) {
  auto failed = [](const step_instance& s) { return s.what.outcome == "failed" || s.what.outcome == "timed_out"; };
  for (auto& child : x.children) {
    out.steps.push_back(child->what);
    if (failed(*child)
        && std::none_of(child->children.begin(), child->children.end(), [&](auto& c) { return failed(*c); }))
      out.failures.push_back(child->what);
    collect_steps(*child, out);
  }
}

void sort_by_start(std::vector<step_report>& steps) {
  std::stable_sort(steps.begin(), steps.end(), [](auto& a, auto& b) { return a.start_ms < b.start_ms; });
}

std::vector<share_report> shares(const run_report& report, std::string attempt_report::*of) {
  std::map<std::string, share_report> by_name;
  std::map<std::string, std::set<uint32_t>> tasks;
  for (auto& x : report.attempts) {
    if ((x.*of).empty())
      continue;
    auto& share = by_name[x.*of];
    ++share.attempts;
    share.failures += x.status == "success" || x.status == "running" ? 0 : 1;
    share.work_ms += x.work_ms;
    share.usage += x.usage;
    tasks[x.*of].insert(x.task);
  }
  std::vector<share_report> out;
  for (auto& [name, share] : by_name) {
    share.name = name;
    share.tasks = tasks[name].size();
    out.push_back(std::move(share));
  }
  return out;
}

void add_totals(run_report& out) {
  std::set<uint32_t> tasks;
  std::map<std::pair<uint32_t, uint32_t>, std::string> status;
  for (auto& x : out.attempts) {
    tasks.insert(x.task);
    status[{x.task, x.attempt}] = x.status;
    out.parts_ms += x.work_ms;
    out.usage += x.usage;
    out.lost += x.status == "lost" ? 1 : 0;
    out.superseded += x.status == "superseded" ? 1 : 0;
    if (auto before = status.find({x.task, x.attempt - 1}); before != status.end())
      out.retries += before->second != "lost" && before->second != "superseded" ? 1 : 0;
  }
  out.tasks = tasks.size();
  if (out.total_ms > 0 && out.parts_ms > 0) {
    auto total = static_cast<double>(out.total_ms);
    out.speedup = out.parts_ms / total;
    out.saved_percent = 100 * (out.parts_ms - total) / out.parts_ms;
  }
  for (auto& x : out.critical_path)
    out.critical_ms += x.end_ms - x.start_ms;
}

} // namespace

usage_report& usage_report::operator+=(const usage_report& other) {
  tokens_in += other.tokens_in;
  tokens_out += other.tokens_out;
  usd += other.usd;
  return *this;
}

result<run_report> make_report(const v1::RunDetails& details) {
  auto replayed = replay_run(details);
  if (!replayed)
    return tl::unexpected{replayed.error()};
  auto& summary = details.summary();
  run_report out;
  out.run_id = summary.run_id();
  out.workflow = summary.workflow();
  out.state = state_name(summary.state());
  out.error = summary.error();
  auto first = details.events_size() > 0 ? details.events(0).at_ms() : summary.created_at_ms();
  auto last = details.events_size() > 0 ? details.events(details.events_size() - 1).at_ms() : first;
  out.began_at_ms = first;
  out.total_ms = std::max(last, summary.finished_at_ms()) - first;

  step_tree tree{*replayed->definition, first};
  for (auto& update : replayed->updates)
    tree.add(update);
  tree.close(last);
  add_events(tree, details, first);
  add_waiting(tree, details, *replayed);

  out.critical_path = critical_path(tree);
  collect_steps(tree.root(), out);
  sort_by_start(out.steps);
  sort_by_start(out.failures);
  out.attempts = tree.attempts();
  out.agents = shares(out, &attempt_report::agent);
  out.nodes = shares(out, &attempt_report::node);
  out.teams = team_shares(tree, *replayed);
  add_totals(out);
  return out;
}

} // namespace troupe

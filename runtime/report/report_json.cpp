#include "runtime/report/run_report.hpp"

namespace troupe {

namespace {

json to_json(const usage_report& x) {
  return {{"tokens_in", x.tokens_in}, {"tokens_out", x.tokens_out}, {"usd", x.usd}};
}

json to_json(const attempt_report& x) {
  json out{{"step", x.step},       {"agent", x.agent},         {"node", x.node},         {"task", x.task},
           {"attempt", x.attempt}, {"status", x.status},       {"start_ms", x.start_ms}, {"end_ms", x.end_ms},
           {"wait_ms", x.wait_ms}, {"queue_ms", x.queue_ms},   {"run_ms", x.run_ms},     {"waited_ms", x.waited_ms},
           {"work_ms", x.work_ms}, {"usage", to_json(x.usage)}};
  if (!x.error.empty())
    out["error"] = x.error;
  return out;
}

json to_json(const step_report& x) {
  json out{{"step", x.step},       {"kind", x.kind},         {"outcome", x.outcome},
           {"partial", x.partial}, {"start_ms", x.start_ms}, {"end_ms", x.end_ms}};
  if (!x.error.empty())
    out["error"] = x.error;
  return out;
}

json to_json(const share_report& x) {
  return {{"name", x.name},         {"tasks", x.tasks},     {"attempts", x.attempts},
          {"failures", x.failures}, {"work_ms", x.work_ms}, {"usage", to_json(x.usage)}};
}

json to_json(const role_report& x) {
  return {{"role", x.role},         {"turns", x.turns},         {"answers", x.answers},     {"asked", x.asked},
          {"answered", x.answered}, {"writes", x.writes},       {"refused", x.refused},     {"attempts", x.attempts},
          {"work_ms", x.work_ms},   {"waited_ms", x.waited_ms}, {"usage", to_json(x.usage)}};
}

json to_json(const team_report& x) {
  auto roles = json::array();
  for (auto& role : x.roles)
    roles.push_back(to_json(role));
  return {{"step", x.step},           {"outcome", x.outcome},       {"ended", x.ended},
          {"completed", x.completed}, {"iterations", x.iterations}, {"roles", std::move(roles)}};
}

json to_json(const critical_report& x) {
  return {{"step", x.step},         {"agent", x.agent},   {"attempt", x.attempt},
          {"start_ms", x.start_ms}, {"end_ms", x.end_ms}, {"run_ms", x.run_ms}};
}

template <class T>
json list(const std::vector<T>& xs) {
  auto out = json::array();
  for (auto& x : xs)
    out.push_back(to_json(x));
  return out;
}

} // namespace

json to_json(const run_report& x) {
  json out{{"run_id", x.run_id},
           {"workflow", x.workflow},
           {"state", x.state},
           {"began_at_ms", x.began_at_ms},
           {"total_ms", x.total_ms},
           {"parts_ms", x.parts_ms},
           {"speedup", x.speedup},
           {"saved_percent", x.saved_percent},
           {"critical_ms", x.critical_ms},
           {"critical_path", list(x.critical_path)},
           {"tasks",
            {{"total", x.tasks},
             {"attempts", x.attempts.size()},
             {"retries", x.retries},
             {"lost", x.lost},
             {"superseded", x.superseded}}},
           {"usage", to_json(x.usage)},
           {"agents", list(x.agents)},
           {"nodes", list(x.nodes)},
           {"teams", list(x.teams)},
           {"steps", list(x.steps)},
           {"timeline", list(x.attempts)},
           {"failures", list(x.failures)}};
  if (!x.error.empty())
    out["error"] = x.error;
  return out;
}

json compare_json(std::span<const run_report> reports) {
  auto runs = json::array();
  json comparison = json::object();
  for (auto& x : reports) {
    runs.push_back(to_json(x));
    auto add = [&](const char* figure, json value) { comparison[figure].push_back(std::move(value)); };
    add("run_id", x.run_id);
    add("state", x.state);
    add("total_ms", x.total_ms);
    add("parts_ms", x.parts_ms);
    add("critical_ms", x.critical_ms);
    add("speedup", x.speedup);
    add("saved_percent", x.saved_percent);
    add("tasks", x.tasks);
    add("retries", x.retries);
    add("lost", x.lost);
    add("failures", x.failures.size());
    add("tokens", x.usage.tokens_in + x.usage.tokens_out);
    add("usd", x.usage.usd);
  }
  return {{"runs", std::move(runs)}, {"comparison", std::move(comparison)}};
}

} // namespace troupe

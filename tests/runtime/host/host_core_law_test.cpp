#include "runtime/host/host_core.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <tuple>

namespace troupe {
namespace {

/// Plays the shell of a host core against random schedules, and keeps the books.
class world {
public:
  using attempt = std::tuple<std::string, uint32_t, uint32_t>;

  world() {
    for (auto* name : {"a", "b"}) {
      v1::AgentSpec spec;
      spec.set_name(name);
      spec.set_hash(name);
      spec.set_concurrency(name == std::string{"a"} ? 1 : 3);
      spec.set_replicas(2);
      core.learn(spec, now);
      concurrency[name] = spec.concurrency();
    }
  }

  void submit(const std::string& run, uint32_t number, uint32_t try_number, uint32_t timeout_ms, int priority) {
    v1::Task out;
    out.set_run_id(run);
    out.set_task(number);
    out.set_attempt(try_number);
    out.set_epoch(1);
    // A task keeps its agent over its attempts.
    out.set_agent(number % 2 ? "a" : "b");
    out.set_agent_hash(out.agent());
    out.set_timeout_ms(timeout_ms);
    out.set_priority(priority);
    auto id = attempt{run, number, try_number};
    auto& newest = newest_try[{run, number}];
    if (try_number >= newest) {
      newest = try_number;
      asked.insert(id);
    } else {
      stale.insert(id);
    }
    core.submit(std::move(out), 7, now);
    settle();
  }

  void finish_any(size_t which, bool crash_instead) {
    if (working.empty())
      return;
    auto i = std::next(working.begin(), static_cast<long>(which % working.size()));
    if (crash_instead) {
      auto instance = i->second;
      std::erase_if(working, [&](auto& x) { return x.second == instance; });
      up.erase(instance);
      down.insert(instance);
      core.instance_down(instance, "crash", now);
    } else {
      auto id = i->first;
      working.erase(i);
      finish(id);
    }
    settle();
  }

  void finish(const attempt& id) {
    v1::TaskResult out;
    out.set_run_id(std::get<0>(id));
    out.set_task(std::get<1>(id));
    out.set_attempt(std::get<2>(id));
    out.set_status(v1::TASK_STATUS_SUCCESS);
    core.finished(std::move(out), now);
  }

  void start_waiting(bool fails) {
    for (auto id : std::exchange(down, {})) {
      if (fails) {
        v1::Error why;
        why.set_code(v1::ERROR_CODE_INTERNAL);
        core.instance_failed(id, why, now);
      } else {
        up.insert(id);
        core.instance_up(id, now);
      }
    }
    settle();
  }

  void cancel(const std::string& run, uint32_t number, uint32_t try_number) {
    v1::CancelTask out;
    out.set_run_id(run);
    out.set_task(number);
    out.set_attempt(try_number);
    core.cancel(out, now);
    settle();
  }

  void pass(int64_t us) {
    now += us;
    core.tick(now);
    settle();
  }

  void drain() {
    core.drain(now);
    settle();
  }

  void drop_sink() {
    core.drop_sink(7, now);
    settle();
  }

  /// Lets everything come to its end.
  void end() {
    for (int i = 0; i < 1'000 && !(working.empty() && down.empty() && core.load().queued == 0); ++i) {
      start_waiting(false);
      finish_any(0, false);
    }
    pass(3'600'000'000);
  }

  void settle() {
    for (auto& x : core.take_actions())
      std::visit([this](auto& y) { act(y); }, x);
  }

  void act(host_action::start_instance& x) {
    agent_of[x.instance] = x.agent;
    down.insert(x.instance);
  }

  void act(host_action::abandon_instance& x) {
    std::erase_if(working, [&](auto& w) { return w.second == x.instance; });
    up.erase(x.instance);
    core.instance_down(x.instance, "killed", now);
    settle();
  }

  void act(host_action::stop_agent& x) {
    std::erase_if(up, [&](auto id) { return agent_of[id] == x.agent; });
    std::erase_if(down, [&](auto id) { return agent_of[id] == x.agent; });
  }

  void act(host_action::run_task& x) {
    auto id = attempt{x.task->run_id(), x.task->task(), x.task->attempt()};
    RC_ASSERT(up.contains(x.instance));
    RC_ASSERT(ran.insert(id).second);
    working.emplace(id, x.instance);
    auto load = std::count_if(working.begin(), working.end(), [&](auto& w) { return w.second == x.instance; });
    RC_ASSERT(static_cast<uint32_t>(load) <= concurrency.at(*x.agent));
  }

  void act(host_action::cancel_task& x) {
    auto id = attempt{x.task.run_id(), x.task.task(), x.task.attempt()};
    cancelled.insert(id);
  }

  void act(host_action::answer& x) {
    auto id = attempt{x.result->run_id(), x.result->task(), x.result->attempt()};
    if (x.result->status() == v1::TASK_STATUS_REJECTED)
      ++rejected[id];
    else
      ++answered[id];
  }

  host_core core{host_limits{.capacity = 12, .cancel_grace = milliseconds{50}, .idle_timeout = milliseconds{200}}};
  int64_t now = 1'000'000;
  std::map<std::string, uint32_t> concurrency;
  std::map<std::pair<std::string, uint32_t>, uint32_t> newest_try;
  std::set<attempt> asked;
  std::set<attempt> stale;
  std::set<attempt> ran;
  std::set<attempt> cancelled;
  std::map<attempt, uint64_t> working;
  std::map<attempt, int> answered;
  std::map<attempt, int> rejected;
  std::map<uint64_t, uint64_t> agent_of;
  std::set<uint64_t> up;
  std::set<uint64_t> down;
};

RC_GTEST_PROP(host_core_law, answers_each_attempt_exactly_once, ()) {
  world w;
  auto steps = *rc::gen::inRange(0, 120);
  for (int i = 0; i < steps; ++i) {
    auto run = *rc::gen::elementOf(std::vector<std::string>{"r", "s"});
    auto number = *rc::gen::inRange<uint32_t>(0, 8);
    auto try_number = *rc::gen::inRange<uint32_t>(1, 4);
    switch (*rc::gen::weightedElement<int>({{8, 0}, {6, 1}, {1, 2}, {4, 3}, {1, 4}, {3, 5}, {3, 6}, {1, 7}, {1, 8}})) {
    case 0:
      w.submit(run, number, try_number, *rc::gen::elementOf(std::vector<uint32_t>{0, 20, 100}),
               *rc::gen::inRange(-1, 2));
      break;
    case 1:
      w.finish_any(*rc::gen::inRange<size_t>(0, 10), false);
      break;
    case 2:
      w.finish_any(*rc::gen::inRange<size_t>(0, 10), true);
      break;
    case 3:
      w.start_waiting(false);
      break;
    case 4:
      w.start_waiting(true);
      break;
    case 5:
      w.cancel(run, number, try_number);
      break;
    case 6:
      w.pass(*rc::gen::inRange(0, 80'000));
      break;
    case 7:
      w.drop_sink();
      break;
    default:
      if (i > 100)
        w.drain();
    }
  }
  w.end();
  RC_ASSERT(w.core.load().queued == 0u);
  RC_ASSERT(w.core.load().running == 0u);
  for (auto& id : w.asked) {
    // Rejected attempts may be sent again, and then run; what was taken in is answered once and never again.
    RC_ASSERT(w.answered[id] <= 1);
    RC_ASSERT(w.answered[id] + w.rejected[id] >= 1);
    if (w.ran.contains(id))
      RC_ASSERT(w.answered[id] == 1);
  }
  for (auto& [id, times] : w.answered)
    RC_ASSERT(w.asked.contains(id) || times == 0);
}

} // namespace
} // namespace troupe

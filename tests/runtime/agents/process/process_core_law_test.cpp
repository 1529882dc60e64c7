// Whatever a process does, each of its tasks is answered once.
#include "tests/runtime/agents/process/process_core_fixture.hpp"

#include <rapidcheck/gtest.h>

#include <set>

namespace troupe {
namespace {

using namespace test;

/// A process that does whatever a schedule says, and the books of its tasks.
struct world {
  process_core core;
  int64_t now = 1;
  uint32_t submitted = 0;
  std::map<uint32_t, int> answered = {};
  std::set<uint32_t> written = {};
  bool spawning = false;
  bool alive = false;
  bool ending = false;

  void settle() {
    for (auto& x : core.take_actions()) {
      if (auto* a = std::get_if<answer>(&x)) {
        ++answered[a->result.task()];
        written.erase(a->result.task());
      } else if (std::get_if<spawn>(&x)) {
        RC_ASSERT(!alive && !spawning);
        spawning = true;
      } else if (auto* w = std::get_if<write>(&x)) {
        RC_ASSERT(alive && !ending);
        auto id = json::parse(w->line)["task_id"].get<std::string>();
        written.insert(static_cast<uint32_t>(std::stoul(id.substr(2))));
      } else if (std::get_if<terminate>(&x)) {
        RC_ASSERT(alive && !ending);
        ending = true;
      }
    }
  }

  void start(bool works) {
    if (!std::exchange(spawning, false))
      return;
    alive = works;
    if (works)
      core.started(now);
    else
      core.failed("no", now);
    settle();
  }

  void die() {
    if (!std::exchange(alive, false))
      return;
    ending = false;
    written.clear();
    core.exited("status 1", now);
    settle();
  }

  void say(const std::string& text) {
    if (alive)
      core.output(text, now);
    settle();
  }

  void pass(int64_t ms) {
    core.tick(now += ms);
    settle();
  }

  void end() {
    for (int i = 0; i < 1'000 && (spawning || ending || core.next_deadline() || !written.empty()); ++i) {
      start(true);
      if (ending)
        die();
      // The end of a line that was too long, if there was one.
      say("\n");
      while (!written.empty())
        say(answer_line(*written.begin()));
      if (auto at = core.next_deadline())
        pass(std::max<int64_t>(0, *at - now));
    }
  }
};

RC_GTEST_PROP(process_core_law, answers_each_task_exactly_once, ()) {
  world w{process_core{"a", {.concurrency = static_cast<uint32_t>(*rc::gen::inRange(1, 4)), .max_line = 100}}};
  for (int i = *rc::gen::inRange(0, 100); i > 0; --i)
    switch (*rc::gen::weightedElement<int>({{5, 0}, {3, 1}, {1, 2}, {4, 3}, {1, 4}, {1, 5}, {1, 6}, {2, 7}})) {
    case 0:
      w.core.submit(make_task(++w.submitted, *rc::gen::elementOf(std::vector<uint32_t>{0, 10, 300})), w.now);
      w.settle();
      break;
    case 1:
      w.start(true);
      break;
    case 2:
      w.start(false);
      break;
    case 3:
      if (!w.written.empty())
        w.say("\n" + answer_line(*rc::gen::elementOf(w.written)));
      break;
    case 4:
      w.die();
      break;
    case 5:
      w.core.cancel(make_cancel(*rc::gen::inRange<uint32_t>(1, w.submitted + 2)), w.now);
      w.settle();
      break;
    case 6:
      w.say(*rc::gen::elementOf(std::vector<std::string>{"garbage\n", std::string(150, 'x'), "\n"}));
      break;
    default:
      w.pass(*rc::gen::inRange(0, 200));
    }
  w.end();
  for (uint32_t i = 1; i <= w.submitted; ++i)
    RC_ASSERT(w.answered[i] == 1);
}

} // namespace
} // namespace troupe

#include "runtime/agents/process/process_core.hpp"
#include "runtime/agents/process/protocol.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

#include <set>

namespace troupe::fuzz {

namespace {

/// Keeps the books of what the core says, and answers its wishes as the system would.
struct world {
  process_core core{"agent", {.concurrency = 2, .max_line = 4'096}};
  std::set<uint32_t> open;
  int64_t now = 0;

  void submit(uint32_t number) {
    v1::Task task;
    task.set_run_id("r");
    task.set_task(number);
    task.set_attempt(1);
    task.set_timeout_ms(number % 2 * 1'000);
    open.insert(number);
    core.submit(std::move(task), now);
    obey();
  }

  void obey() {
    for (auto actions = core.take_actions(); !actions.empty(); actions = core.take_actions()) {
      for (auto& x : actions) {
        if (std::holds_alternative<process_action::spawn>(x)) {
          core.started(now);
        } else if (std::holds_alternative<process_action::terminate>(x)) {
          core.exited("signal 9", now);
        } else if (auto* answered = std::get_if<process_action::answer>(&x)) {
          require(open.erase(answered->result.task()) == 1, "a task is answered once");
          require(answered->result.IsInitialized() && !answered->result.SerializeAsString().empty(),
                  "an answer can be sent");
        }
      }
    }
  }
};

} // namespace

/// The output of a process, with a task submitted at each byte 0x01.
void process_output(std::string_view data) {
  decisions from{data};
  const auto seed = from.byte();
  world w;
  for (uint32_t i = 0; i < 4; ++i)
    w.submit(i);
  uint32_t last = 4;
  in_pieces(unfold(from.take(data.size())), seed, [&](std::string_view piece) {
    w.core.output(piece, w.now);
    w.obey();
    if (last < 64 && piece.find('\x01') != std::string_view::npos)
      w.submit(last++);
    w.now += 10;
    w.core.tick(w.now);
    w.obey();
  });
  // It dies, over and over; whoever still waits is answered all the same.
  for (int i = 0; i < 200 && !w.open.empty(); ++i) {
    w.core.exited("status 1", w.now);
    w.now += 60'000;
    w.core.tick(w.now);
    w.obey();
  }
  require(w.open.empty(), "every task is answered in the end");
}

} // namespace troupe::fuzz

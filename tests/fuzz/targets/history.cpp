#include "runtime/language/load.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/run_player.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/everything_workflow.hpp"

namespace troupe::fuzz {

namespace {

const workflow_ptr& everything() {
  static const workflow_ptr definition = load_workflow({"history", test::everything_workflow}).value();
  return definition;
}

} // namespace

/// What happens to a run, decision by decision: answers, losses, timers, takeovers and events that a stranger wrote.
void run_history(std::string_view data) {
  decisions from{data};
  run_player run{everything(), R"({"items": [1, 2, 3, 4, 5]})"};
  for (int i = 0; i < 200 && !from.empty() && !run.machine().finished(); ++i)
    run.chance(from);
  run.check_replay();
  run.machine().snapshot();
}

} // namespace troupe::fuzz

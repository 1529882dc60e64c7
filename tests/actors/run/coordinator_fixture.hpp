/// A coordinator in a world of one thread, and somebody who watches its runs.
#pragma once

#include "tests/actors/run/world.hpp"

namespace troupe::test {

/// Of an agent whose work somebody outside may notice.
inline constexpr const char* two_steps = R"(
workflow: two
agents: {w: {kind: lua, script: "return 1", pure: false}}
steps:
  - {id: x, agent: w, input: "$.input"}
  - {id: y, agent: w, input: "$.steps.x"}
output: "$.steps.y"
)";

struct coordinator_fixture : world {
  std::shared_ptr<std::vector<v1::RunUpdate>> updates = std::make_shared<std::vector<v1::RunUpdate>>();
  run_watcher_actor watcher = sys.spawn([u = updates]() -> run_watcher_actor::behavior_type {
    return {[u](const v1::RunUpdate& update) { u->push_back(update); }};
  });

  ~coordinator_fixture() override {
    stop(watcher);
  }

  std::string message_of(const caf::error& why) {
    return from_caf(why).message;
  }
};

} // namespace troupe::test

#include "runtime/run/choose_body.hpp"

#include "runtime/run/engine.hpp"
#include "runtime/run/frame_scope.hpp"

namespace troupe {

void choose_body::begin(engine& run, frame& self) {
  for (uint32_t i = 0; i < definition_.choices.size(); ++i) {
    const auto& choice = definition_.choices[i];
    if (choice.when) {
      auto holds = choice.when->test(frame_scope{run, self});
      if (!holds) {
        run.body_ended(self, outcome::failure(holds.error()));
        return;
      }
      if (!*holds)
        continue;
    }
    chosen_ = i + 1;
    run.start_child(self, *choice.body, i);
    return;
  }
  run.body_ended(self, outcome{});
}

void choose_body::child_ended(engine& run, frame& self, uint32_t, outcome how) {
  auto mine = how;
  // What an inner `on_error` let pass is a result with a gap out here.
  if (how.tolerated)
    mine.how = outcome::status::succeeded;
  run.body_ended(self, std::move(mine));
}

uint64_t choose_body::digest() const {
  return chosen_;
}

} // namespace troupe

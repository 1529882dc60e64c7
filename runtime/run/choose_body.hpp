#pragma once

#include "runtime/run/frame.hpp"

namespace troupe {

/// Runs the first case whose condition holds; none of them is a null output, not a failure.
class choose_body final : public step_body {
public:
  explicit choose_body(const choose_step& definition) : definition_{definition} {}

  void begin(engine& run, frame& self) override;
  void child_ended(engine& run, frame& self, uint32_t slot, outcome how) override;
  uint64_t digest() const override;

private:
  const choose_step& definition_;
  uint32_t chosen_ = 0;
};

} // namespace troupe

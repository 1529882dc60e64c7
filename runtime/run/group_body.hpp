#pragma once

#include "runtime/run/frame.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe {

/// A group of steps: each begins as soon as all that it depends on have ended. One that fails for good ends the group.
class group_body final : public step_body {
public:
  explicit group_body(const group_step& definition);

  void begin(engine& run, frame& self) override;
  void child_ended(engine& run, frame& self, uint32_t slot, outcome how) override;
  const outcome* child_outcome(std::string_view id) const override;
  void visit_outcomes(const std::function<void(std::string_view, const outcome&)>& visit) const override;
  uint64_t digest() const override;

private:
  void finish(engine& run, frame& self);

  struct slot_state {
    /// Steps that this one still waits for.
    uint32_t waiting = 0;
    /// Set when it has ended.
    std::unique_ptr<outcome> how;
  };

  const group_step& definition_;
  std::vector<slot_state> slots_;
  /// Who waits for whom, the other way round than `depends_on`.
  std::vector<std::vector<uint32_t>> dependents_;
  std::map<std::string_view, uint32_t> by_id_;
  size_t ended_ = 0;
  bool partial_ = false;
};

} // namespace troupe

#pragma once

#include "runtime/run/frame.hpp"

#include <memory>
#include <string>

namespace troupe {

struct agent_definition;

/// A step that one agent works on: one task, and as many attempts as the policy allows.
///
///            ┌─────── TaskLost (at once, attempt + 1) ──────┐
///            ▼                                              │
///   begin → in flight ── failed, another try ──► waiting ── timer ──► in flight
///            │
///            └── success, or failed for good ──► body_ended
class agent_body final : public step_body {
public:
  /// A task that took this many nodes down with it is likely the reason: it fails as agent_crashed.
  static constexpr uint32_t most_losses = 5;

  /// For agents that set no `timeout`: nothing may hang for ever.
  static constexpr milliseconds default_attempt_timeout{600'000};

  explicit agent_body(const agent_step& definition) : definition_{definition} {}

  void begin(engine& run, frame& self) override;
  void child_ended(engine& run, frame& self, uint32_t slot, outcome how) override;
  void timer_fired(engine& run, frame& self, uint32_t which) override;
  void task_finished(engine& run, frame& self, const v1::TaskResult& result) override;
  void task_lost(engine& run, frame& self, const v1::TaskLost& loss) override;
  void resumed(engine& run, frame& self) override;
  void stop(engine& run, frame& self, const std::string& reason) override;
  uint64_t digest() const override;

private:
  void take_input(engine& run, frame& self, const json& value);
  void take_input(engine& run, frame& self, const lazy_json& value);
  bool fits(engine& run, frame& self, const json& value) const;
  void start(engine& run, frame& self, std::string input);
  void add_placement(v1::Task& task, const frame& self) const;
  void send(engine& run, frame& self, std::string input);
  void send_again(engine& run, frame& self);
  void lost(engine& run, frame& self, const std::string& node, const std::string& reason);
  void failed(engine& run, frame& self, error why, const v1::TaskResult* result);
  void report(engine& run, frame& self, const v1::TaskResult& result, const std::string& fault, bool again) const;

  const agent_step& definition_;
  const agent_definition* agent_ = nullptr;
  /// Of the last attempt, which whoever works on it shares; null: there was none.
  std::shared_ptr<const v1::Task> sent_;
  /// The input is what a team's member is told anyway.
  bool told_by_input_ = false;
  uint32_t task_ = 0;
  /// Tries that count for the retry policy; a loss is nobody's failure and does not.
  uint32_t tries_ = 1;
  uint32_t losses_ = 0;
  uint64_t timer_ = 0;
};

} // namespace troupe

#pragma once

#include "runtime/aggregation/aggregate.hpp"
#include "runtime/run/frame.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Fan-out and fan-in.
///
///   branches ──(enough, or all ended, or deadline)──► enough successes? ──yes──► verdict ──► aggregation ──► done
///      ▲                                                   │ no                  (scorer, synthesiser, reducer)
///      └──────────── on_shortfall: retry ◄─────────────────┤
///                                                          ├── fallback ──► its output
///                                                          └── escalate / fail ──► failure with what there is
///
/// A branch that fails never stops its siblings unless `fail_fast`; what has finished is kept.
class parallel_body final : public step_body {
public:
  explicit parallel_body(const parallel_step& definition);
  ~parallel_body() override;

  void begin(engine& run, frame& self) override;
  void child_ended(engine& run, frame& self, uint32_t slot, outcome how) override;
  void timer_fired(engine& run, frame& self, uint32_t which) override;
  void task_finished(engine& run, frame& self, const v1::TaskResult& result) override;
  void task_lost(engine& run, frame& self, const v1::TaskLost& loss) override;
  void resumed(engine& run, frame& self) override;
  void stop(engine& run, frame& self, const std::string& reason) override;
  uint64_t digest() const override;

private:
  enum class phase : uint8_t { branches, verdict, aggregation, fallback };

  struct branch {
    std::string name;
    /// Set when it has ended.
    std::unique_ptr<outcome> how;
  };

  std::optional<error> expand(engine& run, frame& self);
  void start_branches(engine& run, frame& self);
  void start_some(engine& run, frame& self);
  void branch_ended(engine& run, frame& self, uint32_t slot, outcome how);
  bool enough() const;
  uint32_t required() const;
  /// Whether a success passes the `valid` condition; an error is the condition's own.
  std::optional<error> check_valid(const outcome& how) const;
  void stop_branches(engine& run, frame& self, const std::string& reason);
  void gather(engine& run, frame& self, bool stopped_early);
  void shortfall(engine& run, frame& self);
  void retry_failed(engine& run, frame& self);
  void fail_short(engine& run, frame& self, bool escalated);
  void seek_verdict(engine& run, frame& self);
  void ask_agent(engine& run, frame& self, const std::string& agent, json input);
  json results_so_far() const;
  void reduce_next(engine& run, frame& self);
  void verdict_ended(engine& run, frame& self, const outcome& how);
  void start_aggregation_task(engine& run, frame& self);
  std::shared_ptr<aggregation_request> make_request() const;
  json partial_aggregate(engine& run) const;
  bool any_failed() const;

  const parallel_step& definition_;
  phase now_ = phase::branches;
  std::shared_ptr<const json> items_;
  std::vector<branch> branches_;
  /// Slots that wait for their turn under `max_concurrent`, and how many are under way.
  std::vector<uint32_t> to_start_;
  size_t next_to_start_ = 0;
  uint32_t running_ = 0;
  uint32_t successes_ = 0;
  uint32_t ended_ = 0;
  bool stopped_early_ = false;
  uint64_t deadline_timer_ = 0;
  size_t next_shortfall_action_ = 0;

  /// The step that asks a scorer, synthesiser or reducer.
  std::unique_ptr<step> ask_;
  std::shared_ptr<const std::string> verdict_;
  json accumulator_;
  size_t reduced_ = 0;

  std::optional<uint32_t> task_;
  uint32_t aggregation_losses_ = 0;
};

} // namespace troupe

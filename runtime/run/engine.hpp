#pragma once

#include "runtime/core/random.hpp"
#include "runtime/run/command.hpp"
#include "runtime/run/frame.hpp"
#include "runtime/run/live_teams.hpp"
#include "runtime/workflow/workflow.hpp"
#include "troupe/v1/journal.pb.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

/// How a child is started.
struct child_options {
  std::string branch;
  const json* item = nullptr;
  uint32_t index = 0;
  std::shared_ptr<const json> fixed_input;
  std::shared_ptr<const turn_info> turn;
};

/// The working parts of a run machine: frames, tasks, timers and the queue of what is still to be told to whom. Bodies
/// see it; nobody else does.
///
/// Nothing here recurses along the workflow or calls back while a body is in the middle of something: starts and ends
/// are queued and worked off in order, so that a fan-out of 100 000 branches that all end at once is no different from
/// one.
class engine {
public:
  engine(workflow_ptr definition, bool publish_updates);

  // What run_machine exposes.
  bool accepts(const v1::RunEvent& event) const;
  std::optional<error> refusal_of(const v1::TaskOp& op) const;
  void apply(const v1::RunEvent& event, std::vector<command>& out, const std::function<void()>& more);
  bool started() const {
    return started_;
  }
  bool finished() const {
    return finished_;
  }
  const finish_run& result() const {
    return result_;
  }
  size_t tasks_in_flight() const {
    return in_flight_;
  }
  uint32_t tasks() const {
    return static_cast<uint32_t>(tasks_.size());
  }
  uint64_t digest() const;
  std::vector<v1::RunUpdate> snapshot() const;
  void publish_at_most(uint64_t updates) {
    updates_left_ = updates;
  }
  bool updates_missed() const {
    return updates_missed_;
  }
  live_teams& teams() {
    return teams_;
  }
  const live_teams& teams() const {
    return teams_;
  }

  // For bodies.
  const workflow& definition() const {
    return *workflow_;
  }
  const std::string& run_id() const {
    return run_id_;
  }
  int64_t now_ms() const {
    return now_ms_;
  }
  uint64_t epoch() const {
    return epoch_;
  }
  const json& input() const {
    return input_.value();
  }
  const lazy_json& lazy_input() const {
    return input_;
  }
  const json& run_info() const {
    return run_info_;
  }

  /// Queues the start of `definition` as a child of `parent`, which hears of its end under `slot`. `definition` must
  /// outlive the frame.
  frame& start_child(frame& parent, const step& definition, uint32_t slot, child_options options = {});

  /// Ends a child (and all below) from outside; its parent does not hear of it.
  void stop_child(frame& child, const std::string& reason);

  /// The body of `f` has ended; what that means for the step is decided by the frame's policies.
  void body_ended(frame& f, outcome how);

  /// A new task of `f`; it is in flight from its first `send_task` to its end.
  uint32_t new_task(frame& f);
  /// Sends the task with the next attempt number, which is returned. Fills in the fields that identify it.
  uint32_t send_task(uint32_t task, std::shared_ptr<v1::Task> message);
  uint32_t send_aggregation(uint32_t task, const std::shared_ptr<aggregation_request>& request);
  /// The step has given the task up.
  void count_failed_task() {
    ++result_.counts.failed;
  }
  /// No result of this task counts any more.
  void end_task(uint32_t task);
  void cancel_task_of(uint32_t task, const std::string& reason);
  uint32_t attempt_of(uint32_t task) const {
    return tasks_[task].attempt;
  }
  bool in_flight(uint32_t task) const {
    return tasks_[task].active;
  }
  /// The frames from the task's own up to that of the turn that it is a part of.
  std::vector<uint32_t> places_of(uint32_t task) const;
  /// There will be no further attempt: its step has ended, or its fallback works in its place.
  bool is_over(uint32_t task) const {
    const auto* f = find(tasks_[task].frame);
    return f == nullptr || f->now != frame::phase::running;
  }

  /// A team has begun with this workspace; returns its number.
  uint64_t team_began(const frame& f, std::shared_ptr<workspace> what) {
    return teams_.began(path_of(f), std::move(what));
  }
  void team_ended(const frame& f, uint64_t team, const std::shared_ptr<workspace>& what, team_end how) {
    teams_.ended(team, path_of(f), what, std::move(how), now_ms_, *out_);
  }

  /// Answers an operation of a team's member.
  void answer_operation(v1::OpAnswer answer);

  /// `which` comes back to the body's timer_fired.
  uint64_t start_body_timer(frame& f, uint32_t which, int64_t delay_ms);
  /// Does nothing for 0; sets `timer` to 0.
  void stop_timer(uint64_t& timer);

  /// The same numbers on every replay; `what` is a task or a frame.
  random_source random_for(uint32_t what, uint32_t attempt) const;

  void publish(v1::RunUpdate update);
  void publish_started(const frame& f, uint32_t children);
  /// Whether an update is to be made. Where it is not, something is missed.
  bool publishes() {
    updates_missed_ = updates_missed_ || updates_left_ == 0;
    return updates_left_ > 0;
  }
  v1::RunUpdate new_update() const;

private:
  enum class timer_role : uint8_t { body, step_timeout, step_retry };

  struct timer_record {
    uint32_t frame = 0;
    timer_role role = timer_role::body;
    uint32_t which = 0;
  };

  struct task_record {
    uint32_t frame = 0;
    uint32_t attempt = 0;
    bool active = false;
  };

  enum class work_kind : uint8_t { begin, ended };

  struct work_item {
    work_kind kind = work_kind::begin;
    uint32_t frame = 0;
  };

  void submit(const v1::RunSubmitted& event);
  void work_off();
  void begin(frame& f);
  void run_body(frame& f);
  void settle(frame& f);
  void fall_back_or_fail(frame& f, outcome how);
  /// The team whose turn the frame belongs to hears that what was done in it counts no more.
  void tell_in_vain(const frame& f);
  void end(frame& f, outcome how);
  void dispose(frame& f);
  void stop_tree(frame& f, const std::string& reason);
  void step_timed_out(frame& f);
  void finish(v1::RunState state, std::string output, const error& why);
  void cancel_run(const std::string& reason);
  void resume();
  uint64_t start_timer_for(frame& f, timer_role role, uint32_t which, int64_t delay_ms);
  frame* find(uint32_t id) const;
  /// The turn that a task belongs to; null when it is none of a team's.
  bool is_current(uint32_t task, uint32_t attempt) const;
  frame* turn_of(uint32_t task) const;
  frame* who_awaits(const v1::QuestionAnswered& answer) const;
  v1::RunUpdate started_update(const frame& f, uint32_t children) const;
  uint64_t digest_of(const frame& f) const;

  workflow_ptr workflow_;
  uint64_t updates_left_;
  bool updates_missed_ = false;
  bool started_ = false;
  bool finished_ = false;
  finish_run result_;

  std::string run_id_;
  std::string traceparent_;
  lazy_json input_;
  json run_info_;
  uint64_t seed_ = 0;
  uint64_t epoch_ = 1;
  int64_t now_ms_ = 0;

  std::vector<std::unique_ptr<frame>> frames_;
  frame* root_ = nullptr;
  std::vector<task_record> tasks_;
  size_t in_flight_ = 0;
  std::unordered_map<uint64_t, timer_record> timers_;
  uint64_t next_timer_ = 1;
  std::deque<work_item> work_;
  live_teams teams_;
  std::vector<command>* out_ = nullptr;
  const std::function<void()>* more_ = nullptr;
};

/// The body for a definition.
std::unique_ptr<step_body> make_body(const step& definition);

} // namespace troupe

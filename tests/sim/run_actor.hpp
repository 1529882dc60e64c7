#pragma once

#include "tests/sim/context.hpp"
#include "tests/sim/store_service.hpp"
#include "tests/sim/tampering.hpp"

#include "runtime/run/session.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

/// Whom a run coordinator talks to.
class run_neighbours {
public:
  virtual ~run_neighbours() = default;
  virtual void queue_tasks(uint64_t owner, task_batch batch) = 0;
  virtual void cancel_tasks(uint64_t owner, v1::CancelBatch batch) = 0;
  virtual void answer_operations(v1::OpAnswerBatch batch) = 0;
  /// It quits; `fenced` says why.
  virtual void run_ended(uint64_t owner, const std::string& run, bool fenced) = 0;
};

/// actors/run/run_coordinator without its actor. Owned by its coordinator.
class run_actor : public std::enable_shared_from_this<run_actor> {
public:
  run_actor(context& world, process& home, store_service& store, run_neighbours& neighbours, uint64_t id,
            v1::RunSummary summary, workflow_ptr definition)
      : world_{world}, home_{home}, store_{store}, neighbours_{neighbours}, id_{id}, session_{definition,
                                                                                              std::move(summary),
                                                                                              world.seed % 8 == 0},
        definition_{std::move(definition)}, tampering_{world.broken} {}

  void start(const std::vector<v1::RunEvent>& events, bool resumed);

  void results(const v1::ResultBatch& batch);
  void lost(const v1::TaskLost& loss);
  void operations(const v1::OpBatch& batch);
  /// `then` when the journal has it, or never.
  void cancel(const std::string& reason, std::function<void()> then);
  /// `then` when the journal has the answer, or at once when nobody waits for it.
  void answer_question(const v1::AnswerQuestion& request, std::function<void(const result<void>&)> then);
  /// The actor dies; its coordinator hears of it.
  void crash() {
    gone_ = true;
  }

private:
  static constexpr usec append_retry = 1 * second;

  int64_t now() const {
    return world_.time.wall_ms(home_);
  }
  const std::string& run() const {
    return session_.summary().run_id();
  }
  /// What run_session::resume would do if it left no numbers out.
  void resume_with_old_numbers();
  void pump();
  void append();
  void append_failed(const error& why);
  void acknowledge();
  /// `ahead`: of the journal.
  void execute(std::vector<command> commands, bool ahead = false);
  void start_aggregation_of(const aggregation_request_ptr& request);
  void arm_timer();
  void quit(bool fenced);
  /// What the attempt check would refuse, dressed up as the current attempt.
  void forge(v1::TaskResult& result) const;

  context& world_;
  process& home_;
  store_service& store_;
  run_neighbours& neighbours_;
  uint64_t id_;
  run_session session_;
  workflow_ptr definition_;
  tampering tampering_;
  std::optional<int64_t> armed_for_;
  bool waits_for_store_ = false;
  bool appending_ = false;
  bool told_the_end_ = false;
  bool gone_ = false;
  std::multimap<uint64_t, std::function<void()>> to_acknowledge_;
  std::map<uint32_t, uint32_t> attempts_;
};

} // namespace troupe::sim

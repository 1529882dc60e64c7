#pragma once

#include "actors/agents/actor_clock.hpp"
#include "actors/agents/agent_host.hpp"
#include "actors/agents/host_probe.hpp"
#include "actors/agents/serial_work.hpp"
#include "runtime/core/tick_alarm.hpp"
#include "runtime/host/host_core.hpp"

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

/// From the supervisor's thread: an instance runs (again).
struct instance_started {
  uint64_t instance = 0;
  agent_actor handle;
};

/// From the supervisor's thread: an instance could not be made.
struct instance_not_started {
  uint64_t instance = 0;
  v1::Error why;
};

/// To itself, behind the results that an instance left in the mailbox: it is gone. (The news itself comes before them.)
struct instance_ended {
  caf::actor_id instance = 0;
  caf::error reason;
};

/// To itself, behind whatever is in the mailbox: send what has been collected.
struct flush_results {};
struct flush_progress {};

/// To itself: a deadline of the core may be due.
struct host_tick {
  /// See tick_alarm.
  uint64_t number = 0;
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::instance_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::instance_not_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::instance_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::flush_results)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::flush_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::host_tick)

namespace troupe {

using agent_host_shell = agent_host_actor::extend<
    // From agents.
    caf::reacts_to<v1::TaskResult>, caf::reacts_to<serial_work_done>, caf::reacts_to<v1::TaskProgress>,
    caf::replies_to<v1::TaskOp>::with<v1::OpAnswer>,
    // From those who start agents.
    caf::reacts_to<instance_started>, caf::reacts_to<instance_not_started>,
    // From itself.
    caf::reacts_to<instance_ended>, caf::reacts_to<flush_results>, caf::reacts_to<flush_progress>,
    caf::reacts_to<host_tick>>;

struct agent_host_state {
  static inline constexpr const char* name = "agent-host";

  using pointer = agent_host_shell::stateful_pointer<agent_host_state>;

  /// A batch goes out before the mailbox had its turn when it gets longer or larger than this.
  static constexpr int max_batch_results = 4'096;
  static constexpr size_t max_batch_bytes = size_t{512} << 10;
  /// Operations of members of teams that wait for their answers, and their bytes. What a link has to write is bounded
  /// too, and a node that writes more is cut off: no agent may bring its node there.
  static constexpr size_t max_operations = 100'000;
  static constexpr size_t max_operation_bytes = size_t{64} << 20;

  void start(pointer self, agent_host_config config, agent_host_neighbours neighbours);

  void submit(task_batch& batch, const result_sink_actor& sink);
  void cancel(const v1::CancelBatch& batch);
  caf::typed_response_promise<v1::Ack> drain();
  void finished(v1::TaskResult& result);
  void serial_done();
  void progressed(const v1::TaskProgress& x);
  caf::typed_response_promise<v1::OpAnswer> operate(v1::TaskOp& op);
  void answered(v1::OpAnswerBatch& batch);
  void started(const instance_started& x);
  void not_started(const instance_not_started& x);
  void went_down(const caf::down_msg& down);
  void ended(const instance_ended& x);
  void agent_broke(const caf::strong_actor_ptr& agent, const caf::error& why);
  void flush();
  void pass_progress_on();
  void tick(const host_tick& x);

private:
  struct agent_entry {
    std::string child_id;
    std::string kind;
    supervisor_actor supervisor;
    bool is_serial = false;
    /// Instances asked for before the supervisor was there.
    std::vector<host_action::start_instance> waiting;
  };

  struct instance_entry {
    uint64_t agent = 0;
    std::string agent_name;
    std::string kind;
    agent_actor handle;
    /// Takes many tasks at once; set with `handle`.
    serial_agent_actor serial;
    bool is_serial = false;
    bool was_up = false;
    bool abandoned = false;
    /// What it has got and not done yet, as far as we know. Rarely more than two.
    std::vector<serial_work_ptr> work;
    /// What it is to get at the end of this turn.
    serial_work_ptr next;
    /// Why `handle` ended, from the news of it until instance_ended.
    caf::error end;
  };

  struct sink_entry {
    result_sink_actor handle;
    v1::ResultBatch results;
    size_t bytes = 0;
    std::map<std::pair<std::string, uint32_t>, v1::TaskProgress> progress;
    v1::OpBatch operations;
  };

  /// (run, task, attempt, number)
  using op_key = std::tuple<std::string, uint32_t, uint32_t, uint32_t>;

  struct open_operation {
    caf::typed_response_promise<v1::OpAnswer> answer;
    size_t bytes = 0;
  };

  int64_t now() const;
  void apply();
  /// Takes what the instance has done.
  void harvest(instance_entry& from, int64_t at);
  void act(host_action::start_instance& x);
  void act(host_action::abandon_instance& x);
  void act(host_action::stop_agent& x);
  void act(host_action::run_task& x);
  void act(host_action::cancel_task& x);
  void act(host_action::answer& x);
  void supervise(uint64_t agent);
  void start_under(agent_entry& a, const host_action::start_instance& x);
  /// The task is answered: nobody will hear of its operations any more. True: some were under way.
  bool forget_operations(const v1::TaskResult& x);
  std::map<op_key, open_operation>::iterator end_operation(std::map<op_key, open_operation>::iterator i);
  void stop_child_of(const supervisor_actor& supervisor, const std::string& id);
  void forget_instances(uint64_t agent);
  void send_results(sink_entry& sink);
  void log_failure(const host_action::answer& x) const;
  void schedule_tick();

  pointer self_ = nullptr;
  agent_host_config config_;
  agent_host_neighbours neighbours_;
  /// That of the neighbours, shared by all that starts agents.
  std::shared_ptr<const agent_context> context_;
  std::unique_ptr<host_core> core_;
  std::unique_ptr<host_probe> probe_;
  std::unordered_map<uint64_t, agent_entry> agents_;
  std::unordered_map<uint64_t, instance_entry> instances_;
  std::unordered_map<caf::actor_id, uint64_t> instance_of_;
  std::unordered_map<caf::actor_id, uint64_t> agent_of_supervisor_;
  std::unordered_map<uint64_t, sink_entry> sinks_;
  /// Sinks with results that were not sent yet. They are when the mailbox is empty, or else with a flush_results, which
  /// is on its way exactly while `flush_is_due_`.
  std::vector<uint64_t> dirty_;
  bool flush_is_due_ = false;
  std::vector<host_action::any> actions_;
  /// Instances with work in `next`.
  std::vector<uint64_t> to_run_;
  bool progress_pending_ = false;
  /// Operations under way.
  std::map<op_key, open_operation> operations_;
  size_t operation_bytes_ = 0;
  tick_alarm alarm_;
  std::vector<caf::typed_response_promise<v1::Ack>> draining_;
};

} // namespace troupe

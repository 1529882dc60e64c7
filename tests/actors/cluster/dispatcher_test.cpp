#include "actors/cluster/dispatcher.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/metric_value.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {
namespace {

/// What a fake neighbour has got.
struct inbox {
  std::vector<task_batch> tasks;
  std::vector<result_sink_actor> sinks;
  std::vector<v1::CancelTask> cancels;
  std::vector<v1::TaskResult> results;
  std::vector<v1::TaskProgress> progress;
  std::vector<v1::TaskOp> operations;
  std::vector<v1::OpAnswer> answers;
  std::vector<v1::TaskLost> losses;
};

using inbox_ptr = std::shared_ptr<inbox>;

agent_host_actor::behavior_type fake_host(agent_host_actor::pointer, inbox_ptr in) {
  return {
      [in](const task_batch& batch, const result_sink_actor& sink) {
        in->tasks.push_back(batch);
        in->sinks.push_back(sink);
      },
      [in](const v1::CancelBatch& batch) {
        in->cancels.insert(in->cancels.end(), batch.tasks().begin(), batch.tasks().end());
      },
      [in](const v1::OpAnswerBatch& batch) {
        in->answers.insert(in->answers.end(), batch.answers().begin(), batch.answers().end());
      },
      [](const v1::DrainNode&) { return v1::Ack{}; },
  };
}

task_owner_actor::behavior_type fake_owner(task_owner_actor::pointer, inbox_ptr in) {
  return {
      [in](const v1::ResultBatch& batch) {
        in->results.insert(in->results.end(), batch.results().begin(), batch.results().end());
      },
      [in](const v1::ProgressBatch& batch) {
        in->progress.insert(in->progress.end(), batch.progress().begin(), batch.progress().end());
      },
      [in](const v1::OpBatch& batch) {
        in->operations.insert(in->operations.end(), batch.operations().begin(), batch.operations().end());
      },
      [in](const v1::TaskLost& loss) { in->losses.push_back(loss); },
  };
}

struct dispatcher_test : test::actor_fixture {
  prometheus::Registry metrics;
  inbox_ptr at_host = std::make_shared<inbox>();
  inbox_ptr at_owner = std::make_shared<inbox>();
  agent_host_actor host = sys.spawn(fake_host, at_host);
  task_owner_actor owner = sys.spawn(fake_owner, at_owner);
  dispatcher_actor sut = sys.spawn(dispatcher, config(), dispatcher_probe{metrics});

  ~dispatcher_test() override {
    stop(sut, host, owner);
  }

  dispatcher_shell_config config() {
    dispatcher_shell_config out;
    out.time = time;
    return out;
  }

  static v1::NodeStatus node(const std::string& boot = "1", uint32_t capacity = 10) {
    v1::NodeStatus out;
    out.set_state(v1::NODE_STATE_UP);
    out.mutable_info()->set_name("w");
    out.mutable_info()->set_boot_id(boot);
    out.mutable_info()->set_capacity(capacity);
    out.mutable_info()->add_kinds("lua");
    return out;
  }

  static v1::TaskBatch batch(uint32_t first, uint32_t last) {
    v1::TaskBatch out;
    auto* spec = out.add_agents();
    spec->set_name("x");
    spec->set_kind("lua");
    spec->set_hash("h");
    for (auto i = first; i <= last; ++i) {
      auto* task = out.add_tasks();
      task->set_run_id("r");
      task->set_task(i);
      task->set_attempt(1);
      task->set_epoch(1);
      task->set_agent("x");
      task->set_agent_hash("h");
    }
    return out;
  }

  static v1::ResultBatch success(uint32_t task) {
    v1::ResultBatch out;
    auto* result = out.add_results();
    result->set_run_id("r");
    result->set_task(task);
    result->set_attempt(1);
    result->set_epoch(1);
    result->set_status(v1::TASK_STATUS_SUCCESS);
    return out;
  }

  void join(const v1::NodeStatus& status) {
    self->send(sut, status, host);
    run();
  }

  void queue(uint32_t first, uint32_t last) {
    self->send(sut, task_batch{batch(first, last)}, owner);
    run();
  }

  template <class T>
  void send_as(const agent_host_actor& from, const T& x) {
    caf::send_as(from, sut, x);
    run();
  }

  double metric(const std::string& name, const std::map<std::string, std::string>& labels = {}) {
    return test::metric_value(metrics, "troupe_" + name, labels).value_or(-1);
  }
};

TEST_F(dispatcher_test, brings_tasks_to_the_host_and_results_to_the_owner) {
  join(node());
  queue(0, 1);
  ASSERT_EQ(at_host->tasks.size(), 1u);
  EXPECT_EQ(at_host->tasks[0].tasks.size(), 2u);
  EXPECT_EQ(at_host->tasks[0].agents.size(), 1u);
  EXPECT_EQ(at_host->sinks[0], sut);
  send_as(host, success(0));
  ASSERT_EQ(at_owner->results.size(), 1u);
  EXPECT_EQ(at_owner->results[0].node(), "w");
  EXPECT_EQ(at_owner->results[0].timings().dispatched_at_ms(), time->wall_ms());
}

TEST_F(dispatcher_test, makes_one_batch_of_what_comes_in_a_burst) {
  join(node());
  for (uint32_t i = 0; i < 5; ++i)
    self->send(sut, task_batch{batch(i, i)}, owner);
  run();
  ASSERT_EQ(at_host->tasks.size(), 1u);
  EXPECT_EQ(at_host->tasks[0].tasks.size(), 5u);
}

TEST_F(dispatcher_test, believes_the_name_in_a_result_that_somebody_else_sends_for_the_host) {
  join(node());
  queue(0, 0);
  auto from_elsewhere = success(0);
  self->send(sut, from_elsewhere);
  run();
  EXPECT_TRUE(at_owner->results.empty());
  from_elsewhere.mutable_results(0)->set_node("w");
  self->send(sut, from_elsewhere);
  run();
  EXPECT_EQ(at_owner->results.size(), 1u);
}

TEST_F(dispatcher_test, tells_the_owner_when_the_host_dies) {
  join(node());
  queue(0, 2);
  self->send_exit(host, caf::exit_reason::kill);
  run();
  ASSERT_EQ(at_owner->losses.size(), 3u);
  EXPECT_EQ(at_owner->losses[0].node(), "w");
  EXPECT_EQ(metric("tasks_lost_total"), 3);
  EXPECT_EQ(metric("dispatcher_credits"), 0);
}

TEST_F(dispatcher_test, tells_the_owner_when_the_node_leaves) {
  join(node());
  queue(0, 0);
  v1::LeaveCluster leave;
  leave.set_node("w");
  leave.set_boot_id("1");
  leave.set_reason("link closed");
  self->send(sut, leave);
  run();
  ASSERT_EQ(at_owner->losses.size(), 1u);
  EXPECT_EQ(at_owner->losses[0].reason(), "link closed");
}

TEST_F(dispatcher_test, takes_another_host_of_the_same_node_for_a_new_start) {
  join(node());
  queue(0, 0);
  auto next_inbox = std::make_shared<inbox>();
  auto next = sys.spawn(fake_host, next_inbox);
  self->send(sut, node(), next);
  run();
  EXPECT_EQ(at_owner->losses.size(), 1u);
  send_as(host, success(0));
  EXPECT_TRUE(at_owner->results.empty());
  queue(1, 1);
  ASSERT_EQ(next_inbox->tasks.size(), 1u);
  EXPECT_EQ(next_inbox->tasks[0].agents.size(), 1u);
  // The end of the earlier host says nothing about the node.
  self->send_exit(host, caf::exit_reason::kill);
  run();
  EXPECT_EQ(at_owner->losses.size(), 1u);
  stop(next);
}

TEST_F(dispatcher_test, stops_the_tasks_of_an_owner_that_dies) {
  join(node("1", 1));
  queue(0, 3);
  self->send_exit(owner, caf::exit_reason::kill);
  run();
  ASSERT_EQ(at_host->cancels.size(), 1u);
  EXPECT_EQ(at_host->cancels[0].task(), 0u);
  EXPECT_EQ(metric("dispatcher_queue_depth"), 0);
  EXPECT_EQ(metric("dispatcher_outstanding"), 1);
}

TEST_F(dispatcher_test, passes_cancels_and_progress_on) {
  join(node());
  queue(0, 1);
  v1::CancelBatch cancel;
  auto* stopped = cancel.add_tasks();
  stopped->set_run_id("r");
  stopped->set_task(0);
  stopped->set_attempt(1);
  stopped->set_reason("sibling failed");
  self->send(sut, cancel);
  run();
  ASSERT_EQ(at_host->cancels.size(), 1u);
  EXPECT_EQ(at_host->cancels[0].reason(), "sibling failed");
  v1::ProgressBatch notes;
  for (uint32_t i = 0; i < 3; ++i) {
    auto* note = notes.add_progress();
    note->set_run_id("r");
    note->set_task(i);
    note->set_attempt(1);
  }
  send_as(host, notes);
  ASSERT_EQ(at_owner->progress.size(), 1u);
  EXPECT_EQ(at_owner->progress[0].task(), 1u);
}

TEST_F(dispatcher_test, answers_what_no_node_can_do_when_the_time_has_come) {
  queue(0, 0);
  advance(std::chrono::milliseconds{59'900});
  EXPECT_TRUE(at_owner->results.empty());
  advance(std::chrono::milliseconds{500});
  ASSERT_EQ(at_owner->results.size(), 1u);
  EXPECT_EQ(at_owner->results[0].error().code(), v1::ERROR_CODE_UNAVAILABLE);
}

TEST_F(dispatcher_test, shows_what_it_does) {
  join(node("1", 2));
  queue(0, 4);
  EXPECT_EQ(metric("dispatcher_queue_depth"), 3);
  EXPECT_EQ(metric("dispatcher_outstanding"), 2);
  EXPECT_EQ(metric("dispatcher_credits"), 0);
  send_as(host, success(0));
  send_as(host, success(0));
  send_as(host, success(77));
  EXPECT_EQ(metric("tasks_dispatched_total"), 3);
  EXPECT_EQ(metric("dispatch_wait_seconds"), 3);
  EXPECT_EQ(metric("tasks_rejected_total", {{"reason", "late"}}), 1);
  EXPECT_EQ(metric("tasks_rejected_total", {{"reason", "unknown"}}), 1);
}

TEST_F(dispatcher_test, shows_a_breaker_that_opens) {
  join(node("1", 20));
  queue(0, 19);
  v1::ResultBatch failures;
  for (uint32_t i = 0; i < 20; ++i) {
    auto* x = failures.add_results();
    *x = success(i).results(0);
    x->set_status(v1::TASK_STATUS_FAILED);
    x->mutable_error()->set_code(v1::ERROR_CODE_AGENT_CRASHED);
  }
  send_as(host, failures);
  EXPECT_EQ(metric("breaker_state", {{"agent", "x"}}), 2);
  queue(20, 20);
  ASSERT_EQ(at_owner->results.size(), 21u);
  EXPECT_EQ(at_owner->results[20].error().code(), v1::ERROR_CODE_CIRCUIT_OPEN);
}

TEST_F(dispatcher_test, ends_when_its_configuration_makes_no_sense) {
  auto wrong = config();
  wrong.core.max_rejections = 0;
  auto broken = sys.spawn(dispatcher, wrong, dispatcher_probe{metrics});
  self->monitor(broken);
  run();
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  EXPECT_EQ(reason, ec::invalid_input);
}

} // namespace
} // namespace troupe

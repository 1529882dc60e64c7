// The pure cores: what an event or a task costs before any actor, socket or disk has a share in it.

#include "bench/cases.hpp"
#include "bench/stopwatch.hpp"
#include "bench/workflows.hpp"
#include "runtime/dispatch/dispatcher_core.hpp"
#include "runtime/host/host_core.hpp"
#include "runtime/run/new_run.hpp"
#include "runtime/run/session.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace troupe::bench {

namespace {

v1::RunEvent submitted(const workflow& definition, size_t tasks) {
  return new_run(definition, fan_input(tasks).dump(),
                 {.run_id = "01h2xcejqtf2nbrexx3vqjhp41",
                  .owner = "bench",
                  .now_ms = 1,
                  .seed = 42,
                  .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
      .events(0);
}

v1::TaskResult result_of(const std::string& run, uint32_t task) {
  v1::TaskResult out;
  out.set_run_id(run);
  out.set_task(task);
  out.set_attempt(1);
  out.set_epoch(1);
  out.set_status(v1::TASK_STATUS_SUCCESS);
  out.mutable_output()->set_content_type("application/json");
  out.mutable_output()->set_data(R"({"done":true})");
  out.set_node("worker-1");
  return out;
}

/// Events per second of one fan-out from its submission to its end.
double machine_rate(const workflow_ptr& definition, size_t tasks) {
  // Small ones are over too soon to be timed alone.
  auto repeats = std::max<size_t>(1, 20'000 / tasks);
  double seconds = 0;
  size_t events = 0;
  for (size_t k = 0; k < repeats; ++k) {
    run_machine machine{definition, false};
    auto first = submitted(*definition, tasks);
    std::vector<v1::RunEvent> results(tasks);
    for (size_t i = 0; i < tasks; ++i) {
      results[i].set_at_ms(2);
      *results[i].mutable_task_finished()->mutable_result() =
          result_of(first.run_submitted().run_id(), static_cast<uint32_t>(i));
    }
    v1::RunEvent last;
    last.set_at_ms(3);
    auto& aggregate = *last.mutable_task_finished()->mutable_result();
    aggregate = result_of(first.run_submitted().run_id(), static_cast<uint32_t>(tasks));
    std::vector<command> commands;
    stopwatch watch;
    // What a coordinator does with them: they go on their way at once.
    machine.step(first, commands, [&] { commands.clear(); });
    for (const auto& event : results) {
      machine.step(event, commands);
      commands.clear();
    }
    machine.step(last, commands);
    seconds += watch.seconds();
    events += tasks + 2;
    if (!machine.finished())
      throw std::runtime_error("the machine did not finish");
  }
  return static_cast<double>(events) / seconds;
}

task_batch tasks_of_fan_out(const workflow_ptr& definition, size_t tasks) {
  run_machine machine{definition, false};
  std::vector<command> commands;
  machine.step(submitted(*definition, tasks), commands);
  task_batch out;
  out.agents.push_back(std::make_shared<const v1::AgentSpec>(noop_spec()));
  for (auto& x : commands)
    if (auto* start = std::get_if<start_task>(&x))
      out.tasks.push_back(std::move(start->task));
  return out;
}

double dispatcher_cost(const workflow_ptr& definition, size_t tasks) {
  dispatcher_core core;
  v1::NodeStatus node;
  node.set_state(v1::NODE_STATE_UP);
  node.mutable_info()->set_name("worker-1");
  node.mutable_info()->set_boot_id("b");
  node.mutable_info()->set_capacity(1'024);
  node.mutable_info()->add_kinds("function");
  core.node_changed(node, 0);
  auto batch = tasks_of_fan_out(definition, tasks);
  stopwatch watch;
  core.tasks_queued(1, std::move(batch), 1);
  size_t done = 0;
  double apart = 0;
  while (done < tasks) {
    auto actions = core.flush(2, 2);
    stopwatch making;
    std::vector<v1::ResultBatch> answers;
    for (auto& x : actions.batches) {
      auto& results = answers.emplace_back();
      for (const auto& task : x.batch.tasks)
        *results.add_results() = result_of(task->run_id(), task->task());
    }
    apart += making.seconds();
    if (answers.empty())
      throw std::runtime_error("the dispatcher stalls");
    for (auto& x : answers) {
      done += static_cast<size_t>(x.results_size());
      core.results("worker-1", std::move(x), 2);
    }
  }
  core.flush(3, 3);
  return (watch.seconds() - apart) * 1e9 / static_cast<double>(tasks);
}

double host_cost(const workflow_ptr& definition, size_t tasks) {
  host_core core{{.node = "worker-1", .capacity = 100'000}};
  auto batch = tasks_of_fan_out(definition, tasks);
  int64_t now = 1;
  core.learn(batch.agents.front(), now);
  stopwatch watch;
  double apart = 0;
  for (auto& task : batch.tasks)
    core.submit(std::move(task), 1, now);
  size_t done = 0;
  while (done < tasks) {
    auto actions = core.take_actions();
    if (actions.empty())
      throw std::runtime_error("the host stalls");
    for (auto& x : actions) {
      if (auto* start = std::get_if<host_action::start_instance>(&x)) {
        core.instance_up(start->instance, now);
      } else if (auto* run = std::get_if<host_action::run_task>(&x)) {
        stopwatch making;
        auto result = std::make_unique<v1::TaskResult>(result_of(run->task->run_id(), run->task->task()));
        apart += making.seconds();
        core.finished(run->ticket, std::move(result), 1, ++now);
      } else if (std::holds_alternative<host_action::answer>(x)) {
        ++done;
      }
    }
  }
  return (watch.seconds() - apart) * 1e9 / static_cast<double>(tasks);
}

} // namespace

void machine_case(report& out) {
  auto definition = compile(fan_workflow());
  double small = 0;
  for (size_t tasks : {10, 100, 1'000, 10'000, 100'000}) {
    figure x;
    x.name = fmt::format("run machine, {} tasks", tasks);
    x.unit = "events/s";
    x.goal = at_least(1e6);
    out.measure(std::move(x), [&] { return machine_rate(definition, tasks); });
    auto rate = median(out.figures().back().ours);
    small = tasks == 10 ? rate : small;
    if (tasks == 100'000)
      out.add(
          {"run machine, cost of an event at 100 000 tasks ÷ at 10", "×", {small / rate}, {}, {}, at_most(1.5), {}});
  }
}

void cores_case(report& out) {
  auto definition = compile(fan_workflow());
  for (size_t tasks : {1'000, 10'000, 100'000}) {
    auto named = [&](const char* core) {
      figure x;
      x.name = fmt::format("{}, {} tasks", core, tasks);
      x.unit = "ns/task";
      return x;
    };
    out.measure(named("run machine"), [&] { return 1e9 / machine_rate(definition, tasks); });
    out.measure(named("dispatcher"), [&] { return dispatcher_cost(definition, tasks); });
    out.measure(named("agent host"), [&] { return host_cost(definition, tasks); });
  }
}

} // namespace troupe::bench

#include "runtime/core/random.hpp"
#include "runtime/dispatch/placement.hpp"
#include "tests/runtime/dispatch/dispatch_fixture.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe {
namespace {

using test::dispatch_fixture;

/// Does random things to a dispatcher and checks after each flush what must hold whatever happens.
struct world {
  using key = std::pair<owner_id, uint32_t>;

  struct node_model {
    v1::NodeStatus status;
    std::set<key> has;
    std::set<std::string> known;
  };

  explicit world(uint64_t seed) : random{seed}, core{config(seed)} {}

  static dispatcher_config config(uint64_t seed) {
    dispatcher_config out;
    out.seed = seed;
    out.max_queued = 40;
    out.max_batch_tasks = 3;
    out.max_rejections = 3;
    return out;
  }

  random_source random;
  dispatcher_core core;
  int64_t now = 0;
  std::map<std::string, node_model> nodes;
  std::map<key, v1::Task> tasks;
  std::set<key> ended;
  /// Cancelled, or of an owner that went away: nothing more may be said about them.
  std::set<key> dropped;
  std::set<key> sent_once;
  std::map<owner_id, std::set<std::string>> defined;
  owner_id newest_owner = 3;
  std::vector<owner_id> owners{1, 2, 3};
  uint64_t boots = 0;

  uint64_t below(uint64_t n) {
    return random.below(n);
  }

  static v1::AgentSpec agent(uint64_t i) {
    static const char* const kinds[] = {"lua", "http", "process"};
    auto out = dispatch_fixture::agent("a" + std::to_string(i), kinds[i]);
    out.set_replicas(static_cast<uint32_t>(i));
    out.set_max_concurrent(i == 0 ? 0 : static_cast<uint32_t>(i));
    out.mutable_breaker()->set_window(i == 2 ? 3 : 0);
    out.mutable_breaker()->set_failure_ratio(0.7);
    out.mutable_breaker()->set_open_for_ms(500);
    return out;
  }

  void queue() {
    auto owner = owners[below(owners.size())];
    auto which = below(3);
    v1::TaskBatch batch;
    auto spec = agent(which);
    if (defined[owner].insert(spec.hash()).second)
      *batch.add_agents() = spec;
    for (auto n = below(6); n > 0; --n) {
      auto x = dispatch_fixture::task(owner, static_cast<uint32_t>(tasks.size()), spec.name(),
                                      static_cast<int32_t>(below(3)) - 1);
      if (below(4) == 0) {
        auto* label = x.add_placement();
        label->set_key("zone");
        label->set_value("eu");
      }
      tasks.emplace(key{owner, x.task()}, x);
      *batch.add_tasks() = x;
    }
    core.tasks_queued(owner, batch, now);
  }

  void change_node() {
    auto name = "n" + std::to_string(below(3));
    auto i = nodes.find(name);
    if (i == nodes.end()) {
      auto& node = nodes[name];
      node.status = dispatch_fixture::node(name, 0, std::to_string(++boots));
      i = nodes.find(name);
    } else if (below(4) == 0) {
      core.node_gone(name, i->second.status.info().boot_id(), "gone", now);
      nodes.erase(i);
      return;
    } else if (below(4) == 0) {
      i->second = node_model{i->second.status, {}, {}};
      i->second.status.mutable_info()->set_boot_id(std::to_string(++boots));
    }
    auto& status = i->second.status;
    auto* info = status.mutable_info();
    info->set_capacity(static_cast<uint32_t>(below(5)));
    info->clear_kinds();
    for (auto kind : {"lua", "http", "process"})
      if (below(3) > 0)
        info->add_kinds(kind);
    info->clear_labels();
    if (below(2) == 0)
      (*info->mutable_labels())["zone"] = "eu";
    status.set_state(below(4) > 0 ? v1::NODE_STATE_UP
                                  : (below(2) == 0 ? v1::NODE_STATE_SUSPECT : v1::NODE_STATE_DRAINING));
    core.node_changed(status, now);
  }

  void answer(bool well) {
    if (nodes.empty())
      return;
    auto n = std::next(nodes.begin(), static_cast<std::ptrdiff_t>(below(nodes.size())));
    if (n->second.has.empty())
      return;
    auto x = std::next(n->second.has.begin(), static_cast<std::ptrdiff_t>(below(n->second.has.size())));
    static const std::vector<std::pair<v1::TaskStatus, v1::ErrorCode>> outcomes{
        {v1::TASK_STATUS_SUCCESS, v1::ERROR_CODE_UNSPECIFIED},
        {v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_FAILED},
        {v1::TASK_STATUS_FAILED, v1::ERROR_CODE_INVALID_INPUT},
        {v1::TASK_STATUS_TIMED_OUT, v1::ERROR_CODE_TIMED_OUT},
        {v1::TASK_STATUS_CANCELLED, v1::ERROR_CODE_CANCELLED},
        {v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_RESOURCE_EXHAUSTED},
        {v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_FORBIDDEN},
    };
    auto [status, code] = outcomes[well ? 0 : below(outcomes.size())];
    auto result = dispatch_fixture::result_of(tasks.at(*x), status, code);
    n->second.has.erase(x);
    v1::ResultBatch batch;
    *batch.add_results() = result;
    // The same again, as after a reconnect, must do nothing.
    if (below(3) == 0)
      *batch.add_results() = result;
    core.results(n->first, batch, now);
  }

  void invent_a_result() {
    if (tasks.empty())
      return;
    auto [k, x] = *std::next(tasks.begin(), static_cast<std::ptrdiff_t>(below(tasks.size())));
    auto holder = "n" + std::to_string(below(3));
    auto has_it = nodes.count(holder) > 0 && nodes[holder].has.count(k) > 0;
    if (has_it && below(2) == 0)
      x.set_attempt(x.attempt() + 1);
    else if (has_it)
      x.set_epoch(x.epoch() + 1);
    v1::ResultBatch batch;
    *batch.add_results() = dispatch_fixture::result_of(x);
    core.results(holder, batch, now);
  }

  void cancel() {
    if (tasks.empty())
      return;
    auto& [k, x] = *std::next(tasks.begin(), static_cast<std::ptrdiff_t>(below(tasks.size())));
    v1::CancelBatch batch;
    auto* out = batch.add_tasks();
    out->set_run_id(x.run_id());
    out->set_task(x.task());
    out->set_attempt(x.attempt());
    // What the core has already decided to say comes with the next flush.
    flush();
    core.cancel(batch);
    if (ended.count(k) == 0)
      dropped.insert(k);
  }

  void lose_owner() {
    auto& owner = owners[below(owners.size())];
    flush();
    core.owner_gone(owner);
    for (auto& [k, x] : tasks)
      if (k.first == owner && ended.count(k) == 0)
        dropped.insert(k);
    owner = ++newest_owner;
  }

  void flush() {
    auto out = core.flush(now, now);
    for (auto& x : out.to_cancel)
      RC_ASSERT(nodes.count(x.node) > 0);
    for (auto& x : out.outcomes) {
      for (auto& r : x.results.results())
        end({x.owner, r.task()});
      for (auto& l : x.losses)
        end({x.owner, l.task()});
    }
    std::vector<key> first_sent;
    for (auto& [node_name, batch] : out.batches) {
      RC_ASSERT(nodes.count(node_name) > 0);
      auto& node = nodes[node_name];
      RC_ASSERT(batch.tasks.size() <= 3);
      for (auto& spec : batch.agents)
        RC_ASSERT(node.known.insert(spec->hash()).second);
      for (auto& task : batch.tasks) {
        const auto& x = *task;
        auto owner = static_cast<owner_id>(std::stoul(x.run_id().substr(4)));
        auto k = key{owner, x.task()};
        RC_ASSERT(node.known.count(x.agent_hash()) > 0);
        RC_ASSERT(ended.count(k) + dropped.count(k) == 0u);
        auto spec = agent(static_cast<uint64_t>(x.agent()[1] - '0'));
        RC_ASSERT(mismatch(need_of(x, &spec), node.status) == "");
        RC_ASSERT(node.has.insert(k).second);
        RC_ASSERT(node.has.size() <= node.status.info().capacity());
        if (sent_once.insert(k).second)
          first_sent.push_back(k);
      }
    }
    for (auto& k : first_sent)
      check_order(k);
    check_bulkheads();
  }

  /// A task leaves for the first time only after all earlier ones of its owner, priority, agent and placement.
  void check_order(const key& k) {
    auto& x = tasks.at(k);
    for (auto& [other_key, other] : tasks)
      if (other_key.first == k.first && other.task() < x.task() && other.priority() == x.priority()
          && other.agent() == x.agent() && other.placement_size() == x.placement_size())
        RC_ASSERT(sent_once.count(other_key) + ended.count(other_key) + dropped.count(other_key) > 0u);
  }

  void check_bulkheads() {
    std::map<std::string, uint32_t> running;
    for (auto& [name, node] : nodes)
      for (auto& k : node.has)
        ++running[tasks.at(k).agent()];
    RC_ASSERT(running["a1"] <= 1u);
    RC_ASSERT(running["a2"] <= 2u);
  }

  void end(const key& k) {
    RC_ASSERT(tasks.count(k) > 0u);
    RC_ASSERT(dropped.count(k) == 0u);
    RC_ASSERT(ended.insert(k).second);
  }

  void step() {
    switch (below(12)) {
    case 0:
    case 1:
    case 2:
      return queue();
    case 3:
      return change_node();
    case 4:
    case 5:
    case 6:
      return answer(false);
    case 7:
      return invent_a_result();
    case 8:
      return cancel();
    case 9:
      if (below(6) == 0)
        lose_owner();
      return;
    default:
      now += static_cast<int64_t>(below(400));
      core.tick(now);
      return flush();
    }
  }

  /// Everything gets well: each task must come to its end.
  void settle() {
    for (auto& name : {"n0", "n1", "n2"})
      core.node_gone(name, {}, "end", now);
    nodes.clear();
    auto good = dispatch_fixture::node("n9", 4, "last");
    for (auto kind : {"lua", "http", "process"})
      good.mutable_info()->add_kinds(kind);
    (*good.mutable_info()->mutable_labels())["zone"] = "eu";
    nodes["n9"].status = good;
    core.node_changed(good, now);
    for (size_t i = 0; i < 2 * tasks.size() + 10; ++i) {
      now += 250;
      core.tick(now);
      flush();
      for (int n = 0; n < 4; ++n)
        answer(true);
    }
    flush();
    RC_ASSERT(ended.size() + dropped.size() == tasks.size());
    RC_ASSERT(core.stats().queued == 0u);
    RC_ASSERT(core.stats().outstanding == 0u);
    RC_ASSERT(core.stats().credits == 4u);
  }
};

RC_GTEST_PROP(dispatcher_laws, hold_whatever_happens, (uint64_t seed)) {
  world w{seed};
  auto steps = *rc::gen::inRange(0, 400);
  for (int i = 0; i < steps; ++i)
    w.step();
  w.settle();
}

/// Steps per task must not grow with the number of tasks. A bound on time would depend on the machine; the ratio of two
/// sizes does not: a scan over all tasks per event would make it 16 instead of about 1.
TEST(dispatcher_laws, make_no_step_slower_when_a_hundred_thousand_tasks_wait) {
  auto nanoseconds_per_task = [](uint32_t waiting) {
    dispatch_fixture f;
    f.core.node_changed(dispatch_fixture::node("w", 16), f.now);
    f.define(1, dispatch_fixture::agent());
    f.queue(1, 0, waiting - 1);
    f.flush();
    constexpr uint32_t rounds = 2'000;
    auto start = std::chrono::steady_clock::now();
    for (uint32_t i = 0; i < rounds; ++i) {
      f.answer("w", dispatch_fixture::task(1, i));
      f.cancel(dispatch_fixture::task(1, waiting - 1 - i));
      f.core.tick(f.now);
    }
    auto spent = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(f.results[1].size(), rounds);
    return std::chrono::duration<double, std::nano>(spent).count() / rounds;
  };
  auto few = nanoseconds_per_task(6'250);
  auto many = nanoseconds_per_task(100'000);
  EXPECT_LT(many, 5 * few);
}

} // namespace
} // namespace troupe

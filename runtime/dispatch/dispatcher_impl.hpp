#pragma once

#include "runtime/core/random.hpp"
#include "runtime/dispatch/dispatch_state.hpp"
#include "runtime/dispatch/dispatcher_core.hpp"
#include "runtime/dispatch/ended_tasks.hpp"
#include "runtime/dispatch/loss_ledger.hpp"

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// Internal to runtime/dispatch.
namespace troupe {

struct dispatcher_core::impl {
  using task_entry = dispatch::task_entry;
  using lane = dispatch::lane;
  using site = dispatch::site;
  using agent_entry = dispatch::agent_entry;
  using node_entry = dispatch::node_entry;
  using owner_entry = dispatch::owner_entry;

  explicit impl(dispatcher_config cfg) : config{cfg}, random{cfg.seed}, ended{ended_memory}, losses{losses_memory} {}

  static constexpr size_t ended_memory = 32'768;
  static constexpr size_t losses_memory = 100'000;

  // -- tasks (dispatcher_core.cpp) ----------------------------------------------------------------------------------

  struct key {
    std::string_view run_id;
    uint32_t task;
    uint32_t attempt;
    bool operator==(const key&) const = default;
  };

  static key key_of(const task_entry& x) {
    return {x.task->run_id(), x.task->task(), x.task->attempt()};
  }

  struct key_hash {
    using is_transparent = void;
    size_t operator()(const key& x) const;
    size_t operator()(const std::unique_ptr<task_entry>& x) const {
      return (*this)(key_of(*x));
    }
  };

  struct key_equal {
    using is_transparent = void;
    static key get(const key& x) {
      return x;
    }
    static key get(const std::unique_ptr<task_entry>& x) {
      return key_of(*x);
    }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return get(a) == get(b);
    }
  };

  void enqueue(owner_id owner, task_ptr task, int64_t now_ms);
  /// Why the task cannot wait; `same` is the attempt if it is here already, `agent` null when there is no definition.
  std::optional<v1::Error> refusal(const v1::Task& task, const task_entry* same, agent_entry* agent, uint64_t bytes,
                                   int64_t now_ms);
  void accept(task_entry& x, result_ptr r, int64_t now_ms);
  /// What the breaker and the placement learn from a result.
  void learn(task_entry& x, const v1::TaskResult& r, int64_t now_ms);
  /// Makes of a result what the owner gets to see.
  void complete(v1::TaskResult& r, const task_entry& x, const std::string& node) const;

  task_entry* find(const std::string& run_id, uint32_t task, uint32_t attempt) const;
  void answer(owner_id owner, result_ptr result);
  void answer(owner_id owner, const v1::Task& task, v1::Error error);
  owner_entry* dirty(owner_id owner);
  void enter_queue(task_entry& x, bool again, int64_t now_ms);
  void leave_queue(task_entry& x);
  /// Gives credit and place in the bulkhead back.
  void leave_node(task_entry& x);
  /// The attempt has ended: precondition: neither queued nor outstanding.
  void forget(task_entry& x);
  /// Its owner does not want the result.
  void abort(task_entry& x, const std::string& reason);

  // -- agents, lanes, nodes (dispatcher_tables.cpp) -----------------------------------------------------------------

  void define(owner_entry& owner, const agent_spec_ptr& spec);
  /// Null when the task names a definition that nobody has sent.
  agent_entry* agent_of(const v1::Task& task);
  void use(agent_entry& agent);
  void unuse(agent_entry& agent);
  void evict_idle_agents();
  lane& lane_of(agent_entry& agent, const v1::Task& task, int64_t now_ms);
  /// Adds or removes the site after something about the node changed; `anew` opens it if it was closed.
  void refresh_site(lane& l, node_entry& node, bool anew, int64_t now_ms);
  static site* find_site(lane& l, const node_entry& node);
  void close_site(lane& l, node_entry& node, bool for_ever, int64_t now_ms);
  void note_homeless(lane& l, int64_t now_ms);
  void lose(node_entry& node, const std::string& reason);

  // -- sending (dispatcher_flush.cpp) -------------------------------------------------------------------------------

  void free_node(node_entry& node);
  void free_agent(agent_entry& agent);
  void activate(lane& l);
  void deactivate(lane& l);
  void set_tag(lane& l, uint64_t tag);
  /// Lets lanes compete again for what has become free since the last flush.
  void wake();
  site* choose(lane& l, int64_t now_ms);
  /// Whether the node may have one more task of the agent.
  bool has_room(const site& s, const agent_entry& agent) const;
  bool is_suspect(const task_entry& x) const {
    return x.losses >= config.suspect_after;
  }
  /// Gives up on attempts that living nodes should have answered (dispatcher_overdue.cpp).
  void end_overdue(int64_t now_ms);
  bool is_overdue(task_entry& x, int64_t now_ms) const;
  void give_up(task_entry& x, int64_t now_ms);
  void send(task_entry& x, site& to, int64_t now_ms, int64_t wall_ms, dispatch_actions& out);
  void answer_circuit_open(lane& l, int64_t now_ms);
  void fail_homeless(lane& l, int64_t now_ms);
  std::string why_homeless(const lane& l) const;

  // -----------------------------------------------------------------------------------------------------------------

  dispatcher_config config;
  random_source random;
  ended_tasks ended;
  loss_ledger losses;
  dispatcher_stats numbers;

  std::unordered_set<std::unique_ptr<task_entry>, key_hash, key_equal> tasks;
  std::unordered_map<owner_id, owner_entry> owners;
  std::map<std::string, std::unique_ptr<agent_entry>> agents;
  /// The one with a definition that was asked for last, while it is in `agents`.
  agent_entry* last_agent = nullptr;
  std::map<std::string, std::unique_ptr<node_entry>> nodes;

  /// When it was last looked for what is overdue, and since when that has been done without a long pause.
  std::optional<int64_t> looked_ms;
  int64_t awake_since_ms = 0;

  uint64_t next_seq = 1;
  uint64_t next_lane = 1;
  size_t queued = 0;
  uint64_t queued_bytes = 0;

  /// (tag, id): the lanes that compete. `virtual_now` is the tag of the last winner; both as in fair_queue.
  std::map<std::pair<uint64_t, uint64_t>, lane*> ready;
  uint64_t virtual_now = 0;
  /// Lanes with waiting tasks and no site, by id.
  std::map<uint64_t, lane*> homeless;
  /// Ends of pauses.
  std::multimap<int64_t, std::weak_ptr<lane>> pauses;
  /// Agents that nobody uses, longest first.
  std::list<agent_entry*> idle;

  std::vector<node_entry*> freed_nodes;
  std::vector<agent_entry*> freed_agents;
  std::vector<owner_id> dirty_owners;
  std::vector<placement_candidate> candidates;
  std::vector<site*> candidate_sites;
};

} // namespace troupe

#include "runtime/cluster/membership.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

namespace troupe {
namespace {

/// What a dispatcher believes that hears nothing but the changes.
struct listener {
  std::map<std::string, uint64_t> living;
  std::set<uint64_t> ended;

  void hear(const membership::changes& changes) {
    for (auto& x : changes) {
      auto& name = x.status.info().name();
      RC_ASSERT(!ended.contains(x.session));
      auto known = living.find(name);
      if (known != living.end())
        RC_ASSERT(known->second == x.session);
      if (x.is_gone()) {
        RC_ASSERT(known != living.end());
        living.erase(known);
        ended.insert(x.session);
      } else {
        living[name] = x.session;
      }
    }
  }
};

RC_GTEST_PROP(membership_laws, who_hears_only_the_changes_knows_who_lives, ()) {
  membership aut{membership_config{.remember = milliseconds{20'000}, .max_nodes = 3}};
  listener ear;
  int64_t now = 0;
  std::vector<uint64_t> sessions{0};
  auto steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    v1::NodeInfo node;
    node.set_name("w" + std::to_string(*rc::gen::inRange(0, 4)));
    node.set_boot_id("b" + std::to_string(*rc::gen::inRange(0, 3)));
    switch (*rc::gen::inRange(0, 6)) {
    case 0:
      if (auto x = aut.join(node, now, 0)) {
        RC_ASSERT(x->session > sessions.back());
        sessions.push_back(x->session);
        ear.hear(x->changed);
        RC_ASSERT(ear.living.at(node.name()) == x->session);
      }
      break;
    case 1: {
      v1::Heartbeat beat;
      beat.set_node(node.name());
      beat.set_boot_id(node.boot_id());
      beat.set_draining(*rc::gen::arbitrary<bool>());
      if (auto x = aut.heartbeat(beat, now)) {
        ear.hear(*x);
        RC_ASSERT(ear.living.contains(node.name()));
      }
      break;
    }
    case 2: {
      v1::LeaveCluster leave;
      leave.set_node(node.name());
      leave.set_boot_id(node.boot_id());
      ear.hear(aut.leave(leave, now));
      break;
    }
    case 3:
      ear.hear(aut.link_closed(*rc::gen::elementOf(sessions), now));
      break;
    case 4:
      if (auto x = aut.drain(node.name(), now))
        ear.hear(*x);
      break;
    default:
      now += *rc::gen::inRange(0, 3'000);
      ear.hear(aut.tick(now));
    }
    std::set<std::string> alive;
    auto list = aut.list(now);
    for (auto& x : list.nodes())
      if (x.state() != v1::NODE_STATE_LOST && x.state() != v1::NODE_STATE_LEFT)
        alive.insert(x.info().name());
    std::set<std::string> believed;
    for (auto& [name, session] : ear.living)
      believed.insert(name);
    RC_ASSERT(alive == believed);
    RC_ASSERT(aut.list(now).nodes_size() <= 3);
  }
}

} // namespace
} // namespace troupe

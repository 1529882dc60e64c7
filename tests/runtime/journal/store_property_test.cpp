#include "tests/runtime/journal/store_under_test.hpp"
#include "tests/support/journal_requests.hpp"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <vector>

namespace troupe {
namespace {

/// One random call. The fields mean what the kind makes of them; most are near misses on purpose.
struct call {
  enum class kind { create, append, claim, die };

  kind what = kind::create;
  int run = 0;
  int owner = 0;
  uint64_t epoch = 0;
  /// Added to the right sequence number.
  int seq_error = 0;
  /// Events that stand where some are stored are those.
  bool again = false;
  int count = 0;
  bool end = false;
};

std::ostream& operator<<(std::ostream& out, const call& x) {
  constexpr const char* names[] = {"create", "append", "claim", "die"};
  return out << names[static_cast<int>(x.what)] << "{run " << x.run << ", owner " << x.owner << ", epoch " << x.epoch
             << ", seq error " << x.seq_error << (x.again ? " (the same)" : "") << ", count " << x.count
             << (x.end ? ", end}" : "}");
}

/// What is known to be true of a run: the oracle.
struct model_run {
  uint64_t epoch = 1;
  std::string owner;
  std::vector<uint64_t> timers;
  bool finished = false;
};

/// Events of the model are told apart by a number that no two share.
struct model {
  std::map<std::string, model_run> runs;
  std::set<std::string> dead;
  uint64_t next_timer = 1;
};

std::string run_name(int i) {
  return "run-" + std::to_string(i);
}

std::string owner_name(int i) {
  return "boot-" + std::to_string(i);
}

void create(store& sut, model& m, const call& x) {
  auto [run, fresh] = m.runs.try_emplace(run_name(x.run));
  if (fresh)
    run->second.owner = owner_name(x.owner);
  auto request = test::create_request(run_name(x.run), owner_name(x.owner));
  request.clear_events();
  auto created = sut.create(request);
  RC_ASSERT(created.has_value());
  RC_ASSERT(created->owner() == run->second.owner);
  RC_ASSERT(created->epoch() == run->second.epoch);
}

void append(store& sut, model& m, const std::vector<call>& batch) {
  std::vector<v1::AppendEvents> requests;
  std::vector<bool> admitted;
  for (const auto& x : batch) {
    auto run = m.runs.find(run_name(x.run));
    auto last = run == m.runs.end() ? 0 : run->second.timers.size();
    auto first = static_cast<uint64_t>(std::max<int64_t>(0, static_cast<int64_t>(last) + 1 + x.seq_error));
    auto request = test::append_request(run_name(x.run), x.epoch, first, 0);
    std::vector<uint64_t> timers;
    auto known = run == m.runs.end() || first == 0 ? 0 : std::clamp(-x.seq_error, 0, x.count);
    for (int i = 0; i < x.count; ++i) {
      auto timer = i < known && x.again ? run->second.timers[first - 1 + static_cast<size_t>(i)] : m.next_timer++;
      *request.add_events() = test::timer_event(timer);
      if (i >= known)
        timers.push_back(timer);
    }
    if (x.end)
      request = test::ending(std::move(request), v1::RUN_STATE_SUCCEEDED);
    bool right =
        run != m.runs.end() && run->second.epoch == x.epoch && first > 0 && x.seq_error <= 0 && (known == 0 || x.again);
    if (right) {
      run->second.timers.insert(run->second.timers.end(), timers.begin(), timers.end());
      run->second.finished |= x.end;
    }
    requests.push_back(std::move(request));
    admitted.push_back(right);
  }
  std::vector<const v1::AppendEvents*> pointers;
  for (const auto& request : requests)
    pointers.push_back(&request);
  auto out = sut.append(pointers);
  RC_ASSERT(out.has_value());
  RC_ASSERT(out->size() == batch.size());
  for (size_t i = 0; i < batch.size(); ++i)
    RC_ASSERT(out->at(i).has_value() == admitted[i]);
}

void claim(store& sut, model& m, const call& x) {
  auto run = m.runs.find(run_name(x.run));
  bool right = run != m.runs.end() && run->second.epoch == x.epoch
               && (m.dead.contains(run->second.owner) || run->second.owner == owner_name(x.owner));
  auto claimed = sut.claim(test::claim_request(run_name(x.run), x.epoch, owner_name(x.owner)));
  RC_ASSERT(claimed.has_value() == right);
  if (!right)
    return;
  ++run->second.epoch;
  run->second.owner = owner_name(x.owner);
  RC_ASSERT(claimed->epoch() == run->second.epoch);
}

/// The journal is dense, in order, and holds what was acknowledged and nothing else.
void check(store& sut, const model& m) {
  int unfinished = 0;
  for (const auto& [id, run] : m.runs) {
    auto stored = sut.load(id);
    RC_ASSERT(stored.has_value());
    RC_ASSERT(stored->summary().epoch() == run.epoch);
    RC_ASSERT(stored->summary().owner() == run.owner);
    RC_ASSERT((stored->summary().state() == v1::RUN_STATE_SUCCEEDED) == run.finished);
    std::vector<uint64_t> timers;
    for (const auto& event : stored->events())
      timers.push_back(event.timer_fired().timer());
    RC_ASSERT(timers == run.timers);
    unfinished += run.finished ? 0 : 1;
  }
  RC_ASSERT(sut.list(1'000, false)->runs_size() == static_cast<int>(m.runs.size()));
  RC_ASSERT(sut.list(1'000, true)->runs_size() == unfinished);
}

rc::Gen<call> any_call() {
  using kind = call::kind;
  return rc::gen::build<call>(
      rc::gen::set(&call::what, rc::gen::weightedElement<kind>(
                                    {{2, kind::create}, {6, kind::append}, {3, kind::claim}, {1, kind::die}})),
      rc::gen::set(&call::run, rc::gen::inRange(0, 3)), rc::gen::set(&call::owner, rc::gen::inRange(0, 4)),
      rc::gen::set(&call::epoch, rc::gen::inRange<uint64_t>(1, 4)),
      rc::gen::set(&call::seq_error, rc::gen::weightedElement<int>({{8, 0}, {1, -1}, {1, -2}, {1, 1}})),
      rc::gen::set(&call::again, rc::gen::arbitrary<bool>()), rc::gen::set(&call::count, rc::gen::inRange(0, 4)),
      rc::gen::set(&call::end, rc::gen::weightedElement<bool>({{9, false}, {1, true}})));
}

template <class Factory>
void run_against_the_model(const std::vector<call>& calls) {
  model m;
  Factory factory;
  auto sut = factory.make([&](const std::string& owner) { return !m.dead.contains(owner); });
  for (size_t i = 0; i < calls.size(); ++i) {
    switch (calls[i].what) {
    case call::kind::create:
      create(*sut, m, calls[i]);
      break;
    case call::kind::append: {
      // Neighbouring appends go together, as the journal's writer sends them.
      std::vector<call> batch;
      while (i < calls.size() && calls[i].what == call::kind::append)
        batch.push_back(calls[i++]);
      --i;
      append(*sut, m, batch);
      break;
    }
    case call::kind::claim:
      claim(*sut, m, calls[i]);
      break;
    case call::kind::die:
      m.dead.insert(owner_name(calls[i].owner));
      break;
    }
  }
  check(*sut, m);
}

RC_GTEST_PROP(store_property, memory_store_agrees_with_the_model, ()) {
  run_against_the_model<test::memory_store_factory>(*rc::gen::container<std::vector<call>>(any_call()));
}

RC_GTEST_PROP(store_property, sqlite_store_agrees_with_the_model, ()) {
  run_against_the_model<test::sqlite_store_factory>(*rc::gen::container<std::vector<call>>(any_call()));
}

} // namespace
} // namespace troupe

#include "tests/sim/shrink.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

namespace troupe::sim {

namespace {

constexpr usec shortest_fault = 50 * msec;
/// Members of teams mean to do fewer things than this in a turn.
constexpr size_t most_acts_of_any = 6;

/// A world that fails, getting smaller.
class shrinker {
public:
  explicit shrinker(world_options failing) : best_{std::move(failing)} {
    best_.trace = false;
    if (!best_.faults)
      best_.faults = faults_of(best_.seed);
    if (best_.runs.empty())
      for (auto& run : runs_of(best_.seed))
        best_.runs.insert(run);
  }

  void shrink() {
    attempt([](world_options& x) { x.good_agents = true; });
    for (size_t acts = 0; acts < most_acts_of_any && best_.most_acts > acts; ++acts)
      attempt([acts](world_options& x) { x.most_acts = acts; });
    for (smaller_ = true; std::exchange(smaller_, false);) {
      for (size_t i = best_.faults->size(); i-- > 0;)
        attempt([i](world_options& x) { x.faults->erase(x.faults->begin() + static_cast<std::ptrdiff_t>(i)); });
      for (const auto& run : runs_of(best_.seed))
        if (best_.runs.count(run) > 0 && best_.runs.size() > 1)
          attempt([&run](world_options& x) { x.runs.erase(run); });
      for (size_t i = 0; i < best_.faults->size(); ++i)
        if (best_.faults->at(i).lasts > shortest_fault)
          attempt([i](world_options& x) { x.faults->at(i).lasts /= 2; });
    }
  }

  const world_options& best() const {
    return best_;
  }

private:
  void attempt(const std::function<void(world_options&)>& change) {
    auto next = best_;
    change(next);
    if (run_world(next).verdict.empty())
      return;
    best_ = std::move(next);
    smaller_ = true;
  }

  world_options best_;
  bool smaller_ = false;
};

} // namespace

void shrink(const world_options& failing) {
  shrinker x{failing};
  x.shrink();
  auto story = x.best();
  auto members = story.most_acts == SIZE_MAX
                     ? std::string{}
                     : fmt::format(", with members that do {} thing(s) in a turn", story.most_acts);
  fmt::print("{} fault(s) and {} run(s) are enough to make it fail{}{}:\n", story.faults->size(), story.runs.size(),
             story.good_agents ? ", with agents that always succeed" : "", members);
  auto names = processes_of(story.seed);
  for (const auto& fault : *story.faults)
    fmt::print("  {}\n", to_string(fault, names));
  fmt::print("\n");
  story.trace = true;
  fmt::print("\n{}\n", run_world(story).verdict);
}

} // namespace troupe::sim

#include "tests/sim/world.hpp"

#include "tests/sim/client.hpp"
#include "tests/sim/coordinator.hpp"
#include "tests/sim/worker.hpp"
#include "tests/sim/workflows.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe::sim {

namespace {

/// Faults happen within this time …
constexpr usec turmoil = 15 * second;
/// … and once the last one is over, everything must come to its end within this.
constexpr usec grace = 600 * second;
/// What is left over then (cancelled agents, orphans) must be gone after this; for so long at least we look on.
constexpr usec cleaning = 90 * second;
constexpr usec afterplay = 12 * second;
/// An owner that was silent for this long may be relieved of its runs.
constexpr usec lease = 10 * second;
constexpr usec takeover_interval = 5 * second;

/// Dice for one purpose: what one part of a world draws does not change what another part gets.
random_source dice_for(uint64_t seed, uint64_t purpose) {
  random_source out{seed * 0x9e3779b97f4a7c15ULL + purpose};
  out.next();
  return out;
}

enum purpose : uint64_t { for_cast = 1, for_faults, for_work, for_agents, for_world };

cast_list cast_of(uint64_t seed) {
  auto dice = dice_for(seed, for_cast);
  cast_list out;
  out.coordinators = dice.below(5) < 2 ? 2 : 1;
  out.workers = 1 + dice.below(3);
  if (dice.below(8) == 0)
    out.most_queued = 2 + dice.below(12);
  return out;
}

std::vector<order> orders_of(uint64_t seed) {
  auto dice = dice_for(seed, for_work);
  std::vector<order> out;
  auto n = 1 + dice.below(5);
  for (uint64_t i = 0; i < n; ++i) {
    auto work = choose_work(dice);
    order x{"r" + std::to_string(i + 1), work.definition, work.input, 0, 0};
    x.at = static_cast<usec>(dice.below(turmoil * 3 / 4));
    if (dice.below(12) == 0)
      x.cancel_at = x.at + static_cast<usec>(dice.below(10 * second));
    out.push_back(std::move(x));
  }
  return out;
}

class world {
public:
  explicit world(const world_options& options);

  world_report run();

private:
  void populate();
  void start(size_t who);
  void kill(size_t who, bool goodbye, usec until_restart);
  void terminate(size_t who, usec until_restart);
  void plan(const fault& x);
  void strike(const fault& x);
  void take_over();
  bool run_until(usec deadline, bool (world::*done)() const);
  bool never() const {
    return false;
  }
  /// Nobody holds or works on a task any more.
  bool clean() const;
  bool satisfied() const {
    return client_->satisfied();
  }
  void check_clean();
  void check_stored();

  const world_options& options_;
  cast_list cast_;
  context context_;
  network net_;
  store_service store_;
  agent_manners manners_;
  std::vector<fault> faults_;
  usec calm_from_ = turmoil;
  std::vector<std::unique_ptr<process>> processes_;
  std::vector<process*> coordinator_processes_;
  std::vector<std::unique_ptr<coordinator>> coordinators_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<uint32_t> capacities_;
  std::unique_ptr<client> client_;
};

world::world(const world_options& options)
    : options_{options}, cast_{cast_of(options.seed)}, context_{options.seed, options.broken, options.trace,
                                                                dice_for(options.seed, for_world)},
      net_{context_}, store_{context_,
                             [this](const std::string& owner) {
                               return std::any_of(processes_.begin(), processes_.end(), [&](const auto& x) {
                                 return x->up && x->boot_id() == owner
                                        && !(x->paused && context_.time.now() - x->paused_since > lease)
                                        && store_.cut_for(*x) <= lease;
                               });
                             }},
      faults_{options.faults ? *options.faults : faults_of(options.seed)} {
  context_.most_queued = cast_.most_queued;
  for (const auto& x : faults_) {
    calm_from_ = std::max(calm_from_, x.at + x.lasts);
    context_.judge.expect_trouble(x.at, x.at + x.lasts);
  }
  populate();
}

// -- who there is -----------------------------------------------------------------------------------------------------

void world::populate() {
  auto dice = dice_for(options_.seed, for_agents);
  manners_.seed = dice.next();
  auto trouble = dice.unit() < 0.3 ? 0 : dice.unit() * 0.4;
  manners_.trouble = options_.good_agents ? 0 : trouble;
  manners_.calm_from = calm_from_;
  manners_.most_acts = options_.most_acts;
  for (auto& name : processes_of(options_.seed)) {
    processes_.push_back(std::make_unique<process>());
    processes_.back()->name = name;
  }
  for (size_t i = 0; i < cast_.workers; ++i)
    capacities_.push_back(1 + static_cast<uint32_t>(dice.below(8)));
  for (size_t i = 0; i < cast_.coordinators; ++i)
    coordinator_processes_.push_back(processes_[i].get());
  coordinators_.resize(cast_.coordinators);
  workers_.resize(cast_.workers);

  auto orders = orders_of(options_.seed);
  if (!options_.runs.empty())
    std::erase_if(orders, [&](const auto& x) { return options_.runs.count(x.run_id) == 0; });
  client_ = std::make_unique<client>(context_, *processes_.back(), net_, coordinator_processes_, std::move(orders));
}

void world::start(size_t who) {
  auto& home = *processes_[who];
  home.up = true;
  context_.say(home, "starts as {}", home.boot_id());
  if (who < cast_.coordinators) {
    coordinators_[who] = std::make_unique<coordinator>(context_, home, net_, store_);
    coordinators_[who]->start();
    // An operator who does not wait for it to resume by itself.
    if (context_.chance(0.3))
      context_.time.after(context_.between(0, 5 * msec), home, [this, who] { coordinators_[who]->resume(); });
  } else {
    auto i = who - cast_.coordinators;
    workers_[i] = std::make_unique<worker>(context_, home, net_, coordinator_processes_, manners_, capacities_[i]);
    workers_[i]->start();
  }
}

void world::kill(size_t who, bool goodbye, usec until_restart) {
  auto& home = *processes_[who];
  if (!home.up)
    return;
  context_.time.end(home);
  if (who < cast_.coordinators)
    coordinators_[who].reset();
  else
    workers_[who - cast_.coordinators].reset();
  net_.ended(home, goodbye);
  context_.time.after(until_restart, [this, who] { start(who); });
}

void world::terminate(size_t who, usec until_restart) {
  auto& home = *processes_[who];
  if (!home.up)
    return;
  if (who < cast_.coordinators)
    return kill(who, true, until_restart);
  context_.time.after(0, home, [this, who, until_restart] {
    workers_[who - cast_.coordinators]->terminate([this, who, until_restart, life = processes_[who]->life] {
      // Not from within the worker itself, which ends by it.
      context_.time.after(0, [this, who, until_restart, life] {
        if (processes_[who]->life == life)
          kill(who, true, until_restart);
      });
    });
  });
}

// -- faults -----------------------------------------------------------------------------------------------------------

void world::plan(const fault& x) {
  context_.time.after(x.at, [this, x] {
    if (options_.trace) {
      std::vector<std::string> names;
      for (const auto& p : processes_)
        names.push_back(p->name);
      context_.print("***", to_string(x, names));
    }
    strike(x);
  });
}

void world::strike(const fault& x) {
  auto& who = *processes_[x.who];
  auto& other = *processes_[x.other];
  ++context_.seen.struck[static_cast<size_t>(x.what)];
  auto later = [&](std::function<void()> what) { context_.time.after(x.lasts, std::move(what)); };
  switch (x.what) {
  case fault::kind::crash:
  case fault::kind::power_off:
    return kill(x.who, x.what == fault::kind::crash, x.lasts);
  case fault::kind::terminate:
    return terminate(x.who, x.lasts);
  case fault::kind::run_crash:
    if (who.up)
      context_.time.after(0, who, [this, x] { coordinators_[x.who]->crash_run(static_cast<uint64_t>(x.at)); });
    return;
  case fault::kind::pause:
    if (!who.up || who.paused)
      return;
    context_.time.pause(who);
    context_.judge.excuse(x.lasts);
    return later([this, &who, life = who.life] {
      if (who.life == life)
        context_.time.resume(who);
    });
  case fault::kind::reset:
  case fault::kind::half_open:
    return net_.reset(who, other, x.what == fault::kind::half_open);
  case fault::kind::partition:
    net_.block(who, other);
    net_.block(other, who);
    return later([this, &who, &other] {
      net_.unblock(who, other);
      net_.unblock(other, who);
    });
  case fault::kind::one_way:
    net_.block(who, other);
    return later([this, &who, &other] { net_.unblock(who, other); });
  case fault::kind::slow:
    who.slowness = 30;
    return later([&who] { who.slowness = 1; });
  case fault::kind::clock_jump:
    who.wall_offset_ms += x.by_ms;
    return;
  case fault::kind::store_fails:
  case fault::kind::store_lies:
  case fault::kind::store_slow:
    store_.be(x.what == fault::kind::store_fails  ? store_service::mood::failing
              : x.what == fault::kind::store_lies ? store_service::mood::lying
                                                  : store_service::mood::slow);
    if (x.what == fault::kind::store_slow)
      context_.judge.excuse(store_service::patience);
    return later([this] { store_.be(store_service::mood::well); });
  case fault::kind::store_cut:
    store_.cut(who, true);
    context_.judge.excuse(x.lasts);
    return later([this, &who] { store_.cut(who, false); });
  case fault::kind::duplicates:
    net_.duplicate(0.5);
    return later([this] { net_.duplicate(0); });
  }
}

/// With two coordinators somebody looks after the runs of the one that is gone.
void world::take_over() {
  for (size_t i = 0; i < coordinators_.size(); ++i)
    if (processes_[i]->up)
      context_.time.after(0, *processes_[i], [this, i] { coordinators_[i]->resume(); });
  context_.time.after(takeover_interval, [this] { take_over(); });
}

// -- the course of things ---------------------------------------------------------------------------------------------

bool world::run_until(usec deadline, bool (world::*done)() const) {
  while (context_.judge.verdict().empty() && context_.time.now() < deadline && !(this->*done)()) {
    ++context_.seen.events;
    if (!context_.time.step())
      return false;
  }
  return (this->*done)();
}

bool world::clean() const {
  return std::all_of(coordinators_.begin(), coordinators_.end(), [](auto& x) { return x && x->held_tasks() == 0; })
         && std::all_of(workers_.begin(), workers_.end(), [](auto& x) { return x && x->load() == 0; });
}

void world::check_clean() {
  for (size_t i = 0; i < coordinators_.size(); ++i)
    if (auto held = coordinators_[i]->held_tasks(); held > 0)
      context_.judge.accuse(
          fmt::format("{} still holds {} tasks although all runs are over", processes_[i]->name, held));
  for (size_t i = 0; i < workers_.size(); ++i)
    if (auto load = workers_[i]->load(); load > 0)
      context_.judge.accuse(fmt::format("{} still works on {} tasks although all runs are over",
                                        processes_[cast_.coordinators + i]->name, load));
}

void world::check_stored() {
  auto peaceful = faults_.empty() && manners_.trouble == 0 && cast_.most_queued == cast_list{}.most_queued;
  for (const auto& run : context_.judge.runs())
    if (auto stored = store_.stored(run))
      context_.judge.check_stored(*stored, peaceful);
    else
      context_.judge.accuse(fmt::format("run {} is not in the store any more: {}", run, stored.error().message));
}

world_report world::run() {
  for (size_t i = 0; i < cast_.client(); ++i)
    start(i);
  client_->start();
  for (const auto& x : faults_)
    plan(x);
  if (cast_.coordinators > 1)
    take_over();
  auto content = run_until(calm_from_ + grace, &world::satisfied);
  if (content) {
    auto over = std::max(calm_from_, context_.time.now());
    run_until(over + afterplay, &world::never);
    run_until(over + cleaning, &world::clean);
    if (context_.judge.verdict().empty())
      check_clean();
    if (context_.judge.verdict().empty())
      check_stored();
  } else {
    auto open = context_.judge.unfinished();
    context_.judge.accuse(fmt::format("not everything has ended {} s after the last fault: {}", grace / second,
                                      open.empty() ? "the client waits for a run that is over" : open));
  }
  // They say what they have seen.
  coordinators_.clear();
  context_.seen.worlds = 1;
  context_.seen.simulated = context_.time.now();
  return {context_.judge.verdict(), context_.seen};
}

} // namespace

std::vector<std::string> runs_of(uint64_t seed) {
  std::vector<std::string> out;
  for (auto& x : orders_of(seed))
    out.push_back(x.run_id);
  return out;
}

std::vector<std::string> processes_of(uint64_t seed) {
  auto cast = cast_of(seed);
  std::vector<std::string> out;
  for (size_t i = 0; i < cast.coordinators; ++i)
    out.push_back("c" + std::to_string(i + 1));
  for (size_t i = 0; i < cast.workers; ++i)
    out.push_back("w" + std::to_string(i + 1));
  out.emplace_back("client");
  return out;
}

std::vector<fault> faults_of(uint64_t seed) {
  auto dice = dice_for(seed, for_faults);
  return draw_faults(dice, cast_of(seed), turmoil);
}

world_report run_world(const world_options& options) {
  return world{options}.run();
}

} // namespace troupe::sim

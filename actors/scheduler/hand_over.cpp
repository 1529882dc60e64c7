#include "actors/scheduler/hand_over.hpp"

#include "actors/scheduler/lazy_clock.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/detail/set_thread_name.hpp>
#include <caf/execution_unit.hpp>
#include <caf/logger.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <sched.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace troupe {

namespace {

using steady = std::chrono::steady_clock;

/// A thread that runs one handed-over actor after the other looks into the queue this often, where no thread sleeps
/// that has been woken for what is there.
constexpr uint32_t most_in_a_row = 32;

/// A thread without work looks around for this long before it sleeps, one thread at a time: what comes over a link, or
/// from a disk, is often answered by something that comes back at once, and to wake a thread of a processor that sleeps
/// costs more than all that an actor does: 12 µs for who wakes it and 20 more until it runs, on a virtual machine.
/// Longer than a question takes to another node and back. It gives the processor to whoever wants it meanwhile.
constexpr std::chrono::microseconds look_around{200};

/// The processor's own counter, which takes a third of the time of the system's clock to read, and is read for every
/// message. It grows by some 1 000 to 4 000 in a microsecond: near enough for what it decides here.
uint64_t ticks() {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_ia32_rdtsc();
#else
  return static_cast<uint64_t>(steady::now().time_since_epoch().count()) * 3;
#endif
}

/// What a handler has handed over may be taken by a thread that looks around once that handler has gone on for so long
/// (some 80 µs): before, it is sooner done where it is, in whose cache it lies.
constexpr uint64_t worth_taking = 200'000;

/// A handler that has worked for longer than this (some 100 µs) may go on for longer: what it sends goes to another
/// thread, if one sleeps. More than it costs to wake one.
constexpr uint64_t still_short = 250'000;

/// So often, while it looks around, before it offers the processor.
constexpr int looks_between_yields = 30;

/// An actor that was handed over by a handler which then does not end is found by a thread that sleeps after this time.
constexpr std::chrono::milliseconds look_again{20};

/// Leaves the core to the other thread that it may run.
void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

class scheduler;

/// A thread that runs actors.
class worker final : public caf::execution_unit {
public:
  explicit worker(scheduler& parent);

  void start();

  void join() {
    thread_.join();
  }

  void exec_later(caf::resumable* job) override;

  /// What it has handed over to itself; null when there is nothing, or somebody else has taken it.
  caf::resumable* take_next() {
    if (next_.load(std::memory_order_relaxed) == nullptr)
      return nullptr;
    return next_.exchange(nullptr, std::memory_order_acq_rel);
  }

  /// What it works on begins now.
  void begin_anew() {
    began_.store(ticks(), std::memory_order_relaxed);
  }

private:
  void run();
  caf::resumable* find();
  caf::resumable* look();
  caf::resumable* take_from_others(uint64_t after);

  scheduler& parent_;
  std::thread thread_;
  uint32_t in_a_row_ = 0;

  /// Runs next here, unless somebody without work takes it.
  alignas(64) std::atomic<caf::resumable*> next_{nullptr};
  /// When it took up what it works on.
  std::atomic<uint64_t> began_{0};
};

class scheduler final : public caf::scheduler::abstract_coordinator {
public:
  using abstract_coordinator::abstract_coordinator;

  void enqueue(caf::resumable* job) override {
    auto is_seen = false;
    {
      std::lock_guard guard{lock_};
      queue_.push_back(job);
      waiting_.store(queue_.size(), std::memory_order_relaxed);
      // Who looks around ends that before it takes the lock for its last look into the queue (`find`).
      is_seen = queue_.size() == 1 && somebody_looks_.load(std::memory_order_relaxed);
    }
    if (!is_seen && asleep_.load() > 0)
      filled_.notify_one();
  }

  lazy_clock& clock() noexcept override {
    return clock_;
  }

protected:
  void start() override {
    for (size_t i = 0; i < num_workers(); ++i)
      workers_.push_back(std::make_unique<worker>(*this));
    for (auto& x : workers_)
      x->start();
    clock_.start();
    abstract_coordinator::start();
  }

  void stop() override {
    {
      std::lock_guard guard{lock_};
      stopping_ = true;
    }
    filled_.notify_all();
    for (auto& x : workers_)
      x->join();
    stop_actors();
    clock_.stop();
    // Threads of others may go on for a moment.
    std::deque<caf::resumable*> left;
    {
      std::lock_guard guard{lock_};
      left.swap(queue_);
    }
    for (auto* job : left)
      cleanup_and_release(job);
  }

private:
  friend class worker;

  lazy_clock clock_;
  /// Constant while they run.
  std::vector<std::unique_ptr<worker>> workers_;
  std::mutex lock_;
  std::condition_variable filled_;
  std::deque<caf::resumable*> queue_;
  bool stopping_ = false;
  /// `queue_.size()`, for a look without the lock.
  std::atomic<size_t> waiting_{0};
  std::atomic<size_t> asleep_{0};
  std::atomic<bool> somebody_looks_{false};
};

worker::worker(scheduler& parent) : execution_unit{&parent.system()}, parent_{parent} {}

void worker::start() {
  thread_ = std::thread{[this] {
    caf::detail::set_thread_name("troupe-actors");
    system().thread_started();
    run();
    system().thread_terminates();
  }};
}

void worker::exec_later(caf::resumable* job) {
  if (next_.load(std::memory_order_relaxed) != nullptr)
    return parent_.enqueue(job);
  next_.store(job, std::memory_order_release);
  if (parent_.asleep_.load() > 0 && ticks() - began_.load(std::memory_order_relaxed) >= still_short) {
    { std::lock_guard guard{parent_.lock_}; }
    parent_.filled_.notify_one();
  }
}

void worker::run() {
  while (auto* job = find()) {
    begin_anew();
    // Who spawns an actor sets its thread's CAF logger, which nobody reads, and which costs a lock for each message.
    if (caf::logger::current_logger() != nullptr)
      caf::logger::set_current_actor_system(nullptr);
    switch (job->resume(this, parent_.max_throughput())) {
    case caf::resumable::resume_later:
      parent_.enqueue(job);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
    case caf::resumable::shutdown_execution_unit:
      caf::intrusive_ptr_release(job);
      break;
    }
  }
}

/// Null when the scheduler stops and nothing is left to do.
caf::resumable* worker::find() {
  auto& all = parent_;
  auto nobody_waits_for_us =
      all.waiting_.load(std::memory_order_relaxed) == 0 || all.asleep_.load(std::memory_order_relaxed) > 0;
  if (in_a_row_++ < most_in_a_row || nobody_waits_for_us)
    if (auto* job = take_next())
      return job;
  in_a_row_ = 0;
  if (all.waiting_.load(std::memory_order_relaxed) == 0)
    if (auto* job = look())
      return job;
  for (std::unique_lock guard{all.lock_};;) {
    if (!all.queue_.empty()) {
      auto* job = all.queue_.front();
      all.queue_.pop_front();
      all.waiting_.store(all.queue_.size(), std::memory_order_relaxed);
      return job;
    }
    if (auto* job = take_next())
      return job;
    if (auto* job = take_from_others(0))
      return job;
    if (all.stopping_)
      return nullptr;
    // The more of them sleep, the longer.
    auto others = all.asleep_.fetch_add(1);
    all.filled_.wait_for(guard, look_again * (others + 1));
    all.asleep_.fetch_sub(1);
  }
}

caf::resumable* worker::look() {
  auto& all = parent_;
  if (all.somebody_looks_.exchange(true, std::memory_order_acquire))
    return nullptr;
  caf::resumable* job = nullptr;
  for (auto until = steady::now() + look_around;
       !job && all.waiting_.load(std::memory_order_relaxed) == 0 && steady::now() < until;) {
    job = take_from_others(worth_taking);
    for (auto i = 0; i < looks_between_yields && !job && all.waiting_.load(std::memory_order_relaxed) == 0; ++i)
      pause();
    ::sched_yield();
  }
  all.somebody_looks_.store(false, std::memory_order_release);
  if (job) {
    // What came into the queue meanwhile was left to this thread, which has something else to do now.
    std::lock_guard guard{all.lock_};
    if (!all.queue_.empty())
      all.filled_.notify_one();
  }
  return job;
}

/// What was handed over by handlers that have gone on for so many ticks.
caf::resumable* worker::take_from_others(uint64_t after) {
  for (auto& x : parent_.workers_)
    if (x.get() != this && ticks() - x->began_.load(std::memory_order_relaxed) >= after)
      if (auto* job = x->take_next())
        return job;
  return nullptr;
}

} // namespace

void has_only_waited(caf::execution_unit* context) {
  if (auto* here = dynamic_cast<worker*>(context))
    here->begin_anew();
}

void use_hand_over_scheduler(caf::actor_system_config& config) {
  config.module_factories.push_back(
      [](caf::actor_system& system) -> caf::actor_system::module* { return new scheduler(system); });
}

} // namespace troupe

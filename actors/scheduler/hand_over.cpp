#include "actors/scheduler/hand_over.hpp"

#include "actors/scheduler/lazy_clock.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <sched.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

namespace troupe {

namespace {

using steady = std::chrono::steady_clock;

/// A handler that has worked for longer than this may go on for longer: what it sends goes to another thread, if one
/// sleeps. About what it costs to wake one.
constexpr std::chrono::microseconds still_short{100};

/// A thread that runs one handed-over actor after the other looks into the queue this often.
constexpr uint32_t most_in_a_row = 32;

/// A thread without work looks around for this long before it sleeps, one thread at a time: what comes over a link, or
/// from a disk, is often answered by something that comes back at once, and to wake a thread costs more than all that
/// an actor does. It gives the processor to whoever wants it meanwhile.
constexpr std::chrono::microseconds look_around{60};

/// What a handler has handed over that began longer ago may be taken by a thread that looks around: before, it is sooner
/// done where it is, in whose cache it lies.
constexpr std::chrono::microseconds worth_taking{40};

/// So often, while it looks around, before it offers the processor.
constexpr int looks_between_yields = 30;

/// An actor that was handed over by a handler which then does not end is found by a thread that sleeps after this time.
constexpr std::chrono::milliseconds look_again{20};

class hand_over : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}

    std::mutex lock;
    std::condition_variable filled;
    std::deque<caf::resumable*> queue;
    /// `queue.size()`, for a look without the lock.
    std::atomic<size_t> waiting{0};
    std::atomic<size_t> asleep{0};
    std::atomic<bool> somebody_looks{false};
  };

  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    worker_data(const worker_data&) {}

    /// Runs next here, unless somebody without work takes it.
    std::atomic<caf::resumable*> next{nullptr};
    /// When it took up what it works on.
    std::atomic<steady::time_point> began{};
    uint32_t in_a_row = 0;
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    auto& all = d(self);
    {
      std::lock_guard guard{all.lock};
      all.queue.push_back(job);
      all.waiting.store(all.queue.size(), std::memory_order_relaxed);
    }
    if (all.asleep.load() > 0)
      all.filled.notify_one();
  }

  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }

  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    auto& mine = d(self);
    auto& all = d(self->parent());
    if (mine.next.load(std::memory_order_relaxed) != nullptr)
      return central_enqueue(self->parent(), job);
    mine.next.store(job, std::memory_order_release);
    // Who has worked for long may go on for long: whoever sleeps may come and take it.
    if (all.asleep.load() > 0 && steady::now() - mine.began.load(std::memory_order_relaxed) >= still_short) {
      { std::lock_guard guard{all.lock}; }
      all.filled.notify_one();
    }
  }

  static void begin_anew(worker_data& mine) {
    mine.began.store(steady::now(), std::memory_order_relaxed);
  }

  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }

  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    auto* job = find(self);
    begin_anew(d(self));
    return job;
  }

  template <class Worker>
  void before_shutdown(Worker* self) {
    if (auto* left = d(self).next.exchange(nullptr))
      central_enqueue(self->parent(), left);
  }

  template <class Worker, class UnaryFunction>
  void foreach_resumable(Worker* self, UnaryFunction f) {
    if (auto* left = d(self).next.exchange(nullptr))
      f(left);
  }

  template <class Coordinator, class UnaryFunction>
  void foreach_central_resumable(Coordinator* self, UnaryFunction f) {
    auto& all = d(self);
    std::unique_lock guard{all.lock};
    for (auto* job : std::exchange(all.queue, {}))
      f(job);
  }

private:
  template <class Worker>
  caf::resumable* find(Worker* self) {
    auto& mine = d(self);
    auto& all = d(self->parent());
    if (mine.in_a_row++ < most_in_a_row || all.waiting.load(std::memory_order_relaxed) == 0)
      if (auto* job = take(mine))
        return job;
    mine.in_a_row = 0;
    if (all.waiting.load(std::memory_order_relaxed) == 0)
      if (auto* job = look(self))
        return job;
    for (std::unique_lock guard{all.lock};;) {
      if (!all.queue.empty()) {
        auto* job = all.queue.front();
        all.queue.pop_front();
        all.waiting.store(all.queue.size(), std::memory_order_relaxed);
        return job;
      }
      if (auto* job = take(mine))
        return job;
      if (auto* job = take_from_others(self, steady::time_point::max()))
        return job;
      // The more of them sleep, the longer.
      auto others = all.asleep.fetch_add(1);
      all.filled.wait_for(guard, look_again * (others + 1));
      all.asleep.fetch_sub(1);
    }
  }

  template <class Worker>
  caf::resumable* look(Worker* self) {
    auto& all = d(self->parent());
    if (all.somebody_looks.exchange(true, std::memory_order_acquire))
      return nullptr;
    caf::resumable* job = nullptr;
    auto now = steady::now();
    for (auto until = now + look_around; !job && now < until && all.waiting.load(std::memory_order_relaxed) == 0;) {
      job = take_from_others(self, now - worth_taking);
      for (auto i = 0; i < looks_between_yields && !job && all.waiting.load(std::memory_order_relaxed) == 0; ++i)
        pause();
      ::sched_yield();
      now = steady::now();
    }
    all.somebody_looks.store(false, std::memory_order_release);
    return job;
  }

  static caf::resumable* take(worker_data& from) {
    if (from.next.load(std::memory_order_relaxed) == nullptr)
      return nullptr;
    return from.next.exchange(nullptr, std::memory_order_acq_rel);
  }

  /// From a thread that works on something since before `then`.
  template <class Worker>
  caf::resumable* take_from_others(Worker* self, steady::time_point then) {
    auto* parent = self->parent();
    for (size_t i = 1; i < parent->num_workers(); ++i) {
      auto& other = d(parent->worker_by_id((self->id() + i) % parent->num_workers()));
      if (other.began.load(std::memory_order_relaxed) < then)
        if (auto* job = take(other))
          return job;
    }
    return nullptr;
  }

  /// Leaves the core to the other thread that it may run.
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
};

class scheduler : public caf::scheduler::coordinator<hand_over> {
public:
  using coordinator::coordinator;

  lazy_clock& clock() noexcept override {
    return clock_;
  }

protected:
  void start() override {
    coordinator::start();
    clock_.start();
  }

  void stop() override {
    coordinator::stop();
    clock_.stop();
  }

private:
  lazy_clock clock_;
};

} // namespace

void has_only_waited(caf::execution_unit* context) {
  if (auto* worker = dynamic_cast<caf::scheduler::worker<hand_over>*>(context))
    hand_over::begin_anew(worker->data());
}

void use_hand_over_scheduler(caf::actor_system_config& config) {
  config.module_factories.push_back(
      [](caf::actor_system& system) -> caf::actor_system::module* { return new scheduler(system); });
}

} // namespace troupe

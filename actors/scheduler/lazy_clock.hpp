#pragma once

#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/fwd.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

/// The clock of an actor system: time limits of requests, and delayed messages.
///
/// CAF's own hands each of these to its thread, which wakes up for it, and again for each that is cancelled: two
/// context switches for every request that is answered in time. This one keeps them under a lock, and its thread wakes
/// up when one is due.
///
/// CAF does not tell its clock of answers, whatever cancel_request_timeout is there for: the limit of a request that
/// was answered stays until it passes, which wakes this thread and the actor for nothing, and holds the actor until
/// then. So when an actor asks again, its limits are held against the answers that it still waits for
/// (`most_unchecked`). And a delayed message ends with the actor that it is for, which it would keep in memory.
class lazy_clock final : public caf::detail::thread_safe_actor_clock {
public:
  lazy_clock() = default;
  ~lazy_clock() override;

  void start();
  /// Drops what is not due yet.
  void stop();

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender, caf::message content) override;
  void cancel_all() override;

  /// Limits and delayed messages that are kept.
  size_t size() const;

  /// An actor's newest limits are kept without asking whether it still waits: in the handler that sends a request, what
  /// is to be done with the answer may be said later. So many of them are kept although they were answered, at most
  /// thrice as many where none waits.
  static constexpr size_t most_unchecked = 64;

private:
  /// Of one actor, by the request's number: the older first.
  struct limits {
    std::map<uint64_t, schedule_map::iterator> by_request;
    /// When there are so many, those are dropped that were answered.
    size_t check_at = 3 * most_unchecked;
  };

  template <class T>
  void add(std::unique_ptr<T> event);
  /// Takes the first event of the actor that `matches`. What it holds must not die under the lock: an actor that dies
  /// may do anything.
  template <class Predicate>
  unique_delayed_event_ptr take(caf::actor_id actor, Predicate matches);
  /// Drops the limits of requests of the actor, which runs on this thread, that were answered.
  void drop_answered(const caf::scheduled_actor& self, limits& of, std::vector<unique_delayed_event_ptr>& dropped);
  void forget(const delayed_event& event);
  void run();

  mutable std::mutex mutex_;
  std::unordered_map<caf::actor_id, limits> limits_;
  std::condition_variable changed_;
  /// The thread sleeps until then.
  time_point asleep_until_ = time_point::min();
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace troupe

#pragma once

#include <caf/detail/thread_safe_actor_clock.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

/// The clock of an actor system: time limits of requests, and delayed messages.
///
/// CAF's own hands each of these to its thread, which wakes up for it, and again for each that is cancelled: two
/// context switches for every request that is answered in time. This one keeps them under a lock, and its thread wakes
/// up when one is due.
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

private:
  template <class T>
  void add(std::unique_ptr<T> event);
  /// Takes the first event of the actor that `matches`. What it holds must not die under the lock: an actor that dies
  /// may do anything.
  template <class Predicate>
  unique_delayed_event_ptr take(caf::actor_id actor, Predicate matches);
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  /// The thread sleeps until then.
  time_point asleep_until_ = time_point::min();
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace troupe

#include "actors/scheduler/lazy_clock.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/detail/set_thread_name.hpp>

#include <memory>
#include <utility>

namespace troupe {

namespace {

/// Looked at again after this time even when nothing is due.
constexpr std::chrono::seconds longest_sleep{60};

} // namespace

lazy_clock::~lazy_clock() {
  stop();
}

void lazy_clock::start() {
  thread_ = std::thread{[this] {
    caf::detail::set_thread_name("troupe-clock");
    run();
  }};
}

void lazy_clock::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable())
    thread_.join();
  cancel_all();
}

void lazy_clock::run() {
  std::vector<unique_delayed_event_ptr> due;
  std::unique_lock guard{mutex_};
  while (!stopping_) {
    auto at = now();
    while (!schedule_.empty() && schedule_.begin()->first <= at) {
      auto& event = schedule_.begin()->second;
      if (event->backlink != actor_lookup_.end())
        actor_lookup_.erase(event->backlink);
      due.push_back(std::move(event));
      schedule_.erase(schedule_.begin());
    }
    if (!due.empty()) {
      asleep_until_ = time_point::min();
      guard.unlock();
      for (auto& event : due)
        ship(*event);
      due.clear();
      guard.lock();
      continue;
    }
    asleep_until_ = at + longest_sleep;
    if (!schedule_.empty())
      asleep_until_ = std::min(asleep_until_, schedule_.begin()->first);
    changed_.wait_until(guard, asleep_until_);
  }
}

template <class T>
void lazy_clock::add(std::unique_ptr<T> event) {
  auto due = event->due;
  bool sooner = false;
  {
    std::lock_guard guard{mutex_};
    if (!stopping_) {
      if constexpr (T::cancellable) {
        auto actor = event->self->id();
        auto i = schedule_.emplace(due, std::move(event));
        i->second->backlink = actor_lookup_.emplace(actor, i);
      } else {
        auto i = schedule_.emplace(due, std::move(event));
        i->second->backlink = actor_lookup_.end();
      }
      sooner = due < asleep_until_;
      if (sooner)
        asleep_until_ = due;
    }
  }
  if (sooner)
    changed_.notify_one();
}

template <class Predicate>
lazy_clock::unique_delayed_event_ptr lazy_clock::take(caf::actor_id actor, Predicate matches) {
  std::lock_guard guard{mutex_};
  auto i = lookup(actor, [&](const actor_lookup_map::value_type& x) { return matches(*x.second->second); });
  if (i == actor_lookup_.end())
    return nullptr;
  auto event = std::move(i->second->second);
  schedule_.erase(i->second);
  actor_lookup_.erase(i);
  return event;
}

void lazy_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, uint64_t id) {
  cancel_ordinary_timeout(self, type);
  add(std::make_unique<ordinary_timeout>(t, caf::actor_cast<caf::strong_actor_ptr>(self), type, id));
}

void lazy_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, uint64_t id) {
  add(std::make_unique<multi_timeout>(t, caf::actor_cast<caf::strong_actor_ptr>(self), type, id));
}

void lazy_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  add(std::make_unique<request_timeout>(t, caf::actor_cast<caf::strong_actor_ptr>(self), id));
}

void lazy_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  take(self->id(), [type](const delayed_event& x) {
    return x.subtype == ordinary_timeout_type && static_cast<const ordinary_timeout&>(x).type == type;
  });
}

void lazy_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  take(self->id(), [id](const delayed_event& x) {
    return x.subtype == request_timeout_type && static_cast<const request_timeout&>(x).id == id;
  });
}

void lazy_clock::cancel_timeouts(caf::abstract_actor* self) {
  while (take(self->id(), [](const delayed_event&) { return true; })) {
  }
}

void lazy_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) {
  add(std::make_unique<actor_msg>(t, std::move(receiver), std::move(content)));
}

void lazy_clock::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender, caf::message content) {
  add(std::make_unique<group_msg>(t, std::move(target), std::move(sender), std::move(content)));
}

void lazy_clock::cancel_all() {
  schedule_map dropped;
  {
    std::lock_guard guard{mutex_};
    actor_lookup_.clear();
    dropped.swap(schedule_);
  }
}

} // namespace troupe

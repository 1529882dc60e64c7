#include "actors/scheduler/lazy_clock.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/detail/set_thread_name.hpp>
#include <caf/scheduled_actor.hpp>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace troupe {

namespace {

/// Looked at again after this time even when nothing is due.
constexpr std::chrono::seconds longest_sleep{60};

/// Whose end makes the event meaningless; 0 = nobody's.
template <class T>
caf::actor_id actor_of(const T& event) {
  if constexpr (T::cancellable)
    return event.self->id();
  else if constexpr (std::is_same_v<T, caf::detail::simple_actor_clock::actor_msg>)
    return event.receiver ? event.receiver->id() : 0;
  else
    return 0;
}

/// What counts up, without the flags above it.
uint64_t request_number(caf::message_id request) {
  return request.integer_value() & caf::message_id::request_id_mask;
}

/// The requests whose answers an actor waits for. To be read by its own thread.
struct waiting_requests : caf::scheduled_actor {
  static std::unordered_set<uint64_t> of(const caf::scheduled_actor& x) {
    std::unordered_set<uint64_t> out;
    for (const auto& entry : x.*&waiting_requests::multiplexed_responses_)
      out.insert(request_number(entry.first));
    for (const auto& entry : x.*&waiting_requests::awaited_responses_)
      out.insert(request_number(entry.first));
    return out;
  }
};

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
      forget(*event);
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
      auto actor = actor_of(*event);
      auto i = schedule_.emplace(due, std::move(event));
      i->second->backlink = actor == 0 ? actor_lookup_.end() : actor_lookup_.emplace(actor, i);
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
  auto event = std::make_unique<request_timeout>(t, caf::actor_cast<caf::strong_actor_ptr>(self), id);
  std::vector<unique_delayed_event_ptr> dropped;
  bool sooner = false;
  {
    std::lock_guard guard{mutex_};
    if (stopping_)
      return;
    auto& mine = limits_[self->id()];
    if (mine.by_request.size() >= mine.check_at)
      if (const auto* asker = dynamic_cast<const caf::scheduled_actor*>(self))
        drop_answered(*asker, mine, dropped);
    auto i = schedule_.emplace(t, std::move(event));
    i->second->backlink = actor_lookup_.end();
    auto [known, is_new] = mine.by_request.emplace(request_number(id), i);
    if (!is_new) {
      // A second limit of one request takes the place of the first.
      dropped.push_back(std::move(known->second->second));
      schedule_.erase(std::exchange(known->second, i));
    }
    sooner = t < asleep_until_;
    if (sooner)
      asleep_until_ = t;
  }
  if (sooner)
    changed_.notify_one();
}

void lazy_clock::drop_answered(const caf::scheduled_actor& self, limits& of,
                               std::vector<unique_delayed_event_ptr>& dropped) {
  auto waits = waiting_requests::of(self);
  auto& all = of.by_request;
  for (auto i = all.begin(), end = std::prev(all.end(), most_unchecked); i != end;) {
    if (waits.contains(i->first)) {
      ++i;
      continue;
    }
    dropped.push_back(std::move(i->second->second));
    schedule_.erase(i->second);
    i = all.erase(i);
  }
  of.check_at = std::max(3 * most_unchecked, 2 * all.size());
}

void lazy_clock::forget(const delayed_event& event) {
  if (event.subtype == request_timeout_type) {
    const auto& x = static_cast<const request_timeout&>(event);
    auto mine = limits_.find(x.self->id());
    mine->second.by_request.erase(request_number(x.id));
    if (mine->second.by_request.empty())
      limits_.erase(mine);
  } else if (event.backlink != actor_lookup_.end()) {
    actor_lookup_.erase(event.backlink);
  }
}

size_t lazy_clock::size() const {
  std::lock_guard guard{mutex_};
  return schedule_.size();
}

void lazy_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  take(self->id(), [type](const delayed_event& x) {
    return x.subtype == ordinary_timeout_type && static_cast<const ordinary_timeout&>(x).type == type;
  });
}

void lazy_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  unique_delayed_event_ptr event;
  std::lock_guard guard{mutex_};
  auto mine = limits_.find(self->id());
  if (mine == limits_.end())
    return;
  auto i = mine->second.by_request.find(request_number(id));
  if (i == mine->second.by_request.end())
    return;
  auto at = i->second;
  event = std::move(at->second);
  forget(*event);
  schedule_.erase(at);
}

void lazy_clock::cancel_timeouts(caf::abstract_actor* self) {
  std::vector<unique_delayed_event_ptr> dropped;
  {
    std::lock_guard guard{mutex_};
    if (auto mine = limits_.find(self->id()); mine != limits_.end()) {
      for (auto& [id, at] : mine->second.by_request) {
        dropped.push_back(std::move(at->second));
        schedule_.erase(at);
      }
      limits_.erase(mine);
    }
  }
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
    limits_.clear();
    dropped.swap(schedule_);
  }
}

} // namespace troupe

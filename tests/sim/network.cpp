#include "tests/sim/network.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

network::~network() {
  for (auto& weak : connections_)
    if (auto via = weak.lock())
      for (auto& side : via->sides)
        side.on = {};
}

void network::listen(process& at, acceptor who) {
  listeners_[&at] = std::move(who);
}

usec network::delay(const process& from, const process& to) {
  // Mostly a local network; sometimes a message takes its time.
  auto base = world_.chance(0.02) ? world_.between(5 * msec, 400 * msec) : world_.between(50, 800);
  return base * std::max(from.slowness, to.slowness);
}

// -- connections ------------------------------------------------------------------------------------------------------

void network::dial(process& from, process& to, std::string role, usec timeout, dialled then) {
  auto decided = std::make_shared<bool>(false);
  world_.time.after(timeout, from, [decided, then] {
    if (!std::exchange(*decided, true))
      then({});
  });
  if (blocked(from, to) || blocked(to, from))
    return;
  auto life = from.life;
  auto until = world_.time.now() + timeout;
  auto boot_id = from.boot_id();
  world_.time.after(delay(from, to), [=, this, &from, &to] {
    if (from.life != life)
      return;
    if (!to.up || listeners_.count(&to) == 0) {
      world_.time.after(delay(to, from), from, [decided, then] {
        if (!std::exchange(*decided, true))
          then({});
      });
      return;
    }
    world_.time.after(0, to, [=, this, &from, &to] {
      if (from.life != life)
        return;
      auto via = std::make_shared<connection>();
      via->sides[0].owner = &from;
      via->sides[0].life = life;
      via->sides[1].owner = &to;
      via->sides[1].life = to.life;
      std::erase_if(connections_, [](auto& x) { return x.expired(); });
      connections_.push_back(via);
      via->sides[1].on = listeners_.at(&to)({via, 1}, role, boot_id);
      answer(from, life, via, decided, then, until);
    });
  });
}

void network::answer(process& from, uint64_t life, const connection_ptr& via, std::shared_ptr<bool> decided,
                     dialled then, usec until) {
  if (from.life != life)
    return;
  auto& to = *via->sides[1].owner;
  if (blocked(to, from) && world_.time.now() < until) {
    world_.time.after(100 * msec, [=, this, &from] { answer(from, life, via, decided, then, until); });
    return;
  }
  auto at = delay(to, from);
  via->sides[0].last_arrival = world_.time.now() + at;
  world_.time.after(at, from, [=, this] {
    if (std::exchange(*decided, true))
      close({via, 0});
    else
      via->sides[0].on = then({via, 0});
  });
}

void network::send(const socket& from, v1::Envelope message) {
  auto& own = from.via->sides[from.side];
  if (!own.open)
    return;
  auto boxed = std::make_shared<v1::Envelope>(std::move(message));
  auto doubles = boxed->has_result_batch() || boxed->has_op_batch() || boxed->has_op_answer_batch();
  if (doubles && duplicates_ > 0 && world_.chance(duplicates_)) {
    auto copy = std::make_shared<v1::Envelope>(*boxed);
    // Not what a node has refused: the attempt goes on under its number, perhaps on the same node, and a second refusal
    // would be one of that. Links deliver nothing twice; this is about the core's own guard.
    if (copy->has_result_batch()) {
      auto& results = *copy->mutable_result_batch()->mutable_results();
      results.erase(std::remove_if(results.begin(), results.end(),
                                   [](const auto& x) { return x.status() == v1::TASK_STATUS_REJECTED; }),
                    results.end());
    }
    world_.time.after(world_.between(1 * msec, 3 * second),
                      [this, via = from.via, to = 1 - from.side, copy] { carry(via, to, copy); });
  }
  carry(from.via, 1 - from.side, std::move(boxed));
}

void network::close(const socket& from) {
  auto& own = from.via->sides[from.side];
  if (!std::exchange(own.open, false))
    return;
  own.on = {};
  carry(from.via, 1 - from.side, nullptr);
}

void network::carry(const connection_ptr& via, int to, envelope_ptr message) {
  auto& target = via->sides[to];
  auto number = ++via->sent;
  target.last_arrival =
      std::max(target.last_arrival + 1, world_.time.now() + delay(*via->sides[1 - to].owner, *target.owner));
  world_.time.after(target.last_arrival - world_.time.now(), [this, via, to, number, message = std::move(message)] {
    auto& end = via->sides[to];
    if (!end.open || number <= end.lost_before)
      return;
    if (!end.stalled.empty() || blocked(*via->sides[1 - to].owner, *end.owner))
      end.stalled.push_back(message);
    else
      arrive(via, to, message);
  });
}

void network::arrive(const connection_ptr& via, int to, const envelope_ptr& message) {
  auto& end = via->sides[to];
  if (end.owner->life != end.life)
    return;
  world_.time.after(0, *end.owner, [via, to, message] {
    auto& here = via->sides[to];
    if (!here.open)
      return;
    if (message) {
      if (auto take = here.on.take)
        take(*message);
    } else {
      here.open = false;
      if (auto lost = std::exchange(here.on, {}).lost)
        lost("the peer closed the link");
    }
  });
}

// -- faults -----------------------------------------------------------------------------------------------------------

void network::block(const process& from, const process& to) {
  blocked_.emplace(&from, &to);
}

void network::unblock(const process& from, const process& to) {
  if (blocked_.erase({&from, &to}) == 0)
    return;
  for (auto& weak : connections_) {
    auto via = weak.lock();
    if (!via)
      continue;
    for (int side = 0; side < 2; ++side)
      if (via->sides[side].owner == &to && via->sides[1 - side].owner == &from)
        for (auto& message : std::exchange(via->sides[side].stalled, {}))
          arrive(via, side, message);
  }
}

void network::drop(const connection_ptr& via, int side, const std::string& why, usec later) {
  auto& end = via->sides[side];
  end.lost_before = UINT64_MAX;
  end.stalled.clear();
  world_.time.after(later, *end.owner, [via, side, why] {
    auto& here = via->sides[side];
    if (!std::exchange(here.open, false))
      return;
    if (auto lost = std::exchange(here.on, {}).lost)
      lost(why);
  });
}

void network::reset(const process& a, const process& b, bool half_open) {
  for (auto& weak : connections_) {
    auto via = weak.lock();
    if (!via
        || !((via->sides[0].owner == &a && via->sides[1].owner == &b)
             || (via->sides[0].owner == &b && via->sides[1].owner == &a)))
      continue;
    auto deaf = half_open ? static_cast<int>(world_.random.below(2)) : -1;
    for (int side = 0; side < 2; ++side)
      if (via->sides[side].owner->life == via->sides[side].life)
        drop(via, side, "connection reset", side == deaf ? 60 * second : world_.between(0, 20 * msec));
  }
}

void network::ended(const process& who, bool goodbye) {
  for (auto& weak : connections_) {
    auto via = weak.lock();
    if (!via)
      continue;
    for (int side = 0; side < 2; ++side) {
      auto& end = via->sides[side];
      if (end.owner != &who || end.life == who.life || !end.open)
        continue;
      end.open = false;
      end.on = {};
      if (goodbye && world_.chance(0.5))
        drop(via, 1 - side, "connection reset by the peer's death", world_.between(0, 5 * msec));
      else if (goodbye)
        carry(via, 1 - side, nullptr);
    }
  }
}

} // namespace troupe::sim

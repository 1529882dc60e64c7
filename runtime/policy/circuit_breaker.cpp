#include "runtime/policy/circuit_breaker.hpp"

#include <algorithm>

namespace troupe {

circuit_breaker::circuit_breaker(breaker_policy policy) : policy_{policy} {
  policy_.window = std::min(policy_.window, largest_window);
  ring_.resize(policy_.window);
}

std::optional<circuit_breaker::permit> circuit_breaker::try_acquire(int64_t now_ms) {
  if (!allows(now_ms))
    return std::nullopt;
  if (state_ == state::open)
    move_to(state::half_open, now_ms);
  if (state_ == state::half_open)
    trial_out_ = true;
  return permit{generation_};
}

bool circuit_breaker::allows(int64_t now_ms) const {
  switch (current(now_ms)) {
  case state::closed:
    return true;
  case state::open:
    return false;
  case state::half_open:
    return !trial_out_;
  }
  return false;
}

void circuit_breaker::record(permit p, bool success, int64_t now_ms) {
  if (p.generation != generation_ || policy_.window == 0)
    return;
  if (state_ == state::half_open) {
    move_to(success ? state::closed : state::open, now_ms);
    return;
  }
  // Closed: nobody holds a permit of an open generation.
  failures_ -= filled_ == policy_.window && ring_[next_] ? 1 : 0;
  failures_ += success ? 0 : 1;
  ring_[next_] = !success;
  next_ = (next_ + 1) % policy_.window;
  filled_ = std::min(filled_ + 1, policy_.window);
  if (failures_ > 0 && filled_ == policy_.window && failures_ >= policy_.failure_ratio * policy_.window)
    move_to(state::open, now_ms);
}

void circuit_breaker::abandon(permit p) {
  if (p.generation == generation_)
    trial_out_ = false;
}

circuit_breaker::state circuit_breaker::current(int64_t now_ms) const {
  if (state_ == state::open && now_ms - opened_at_ms_ >= policy_.open_for.count())
    return state::half_open;
  return state_;
}

milliseconds circuit_breaker::retry_after(int64_t now_ms) const {
  if (allows(now_ms))
    return milliseconds{0};
  if (state_ == state::half_open)
    return policy_.open_for;
  return milliseconds{opened_at_ms_ + policy_.open_for.count() - now_ms};
}

void circuit_breaker::move_to(state next, int64_t now_ms) {
  state_ = next;
  ++generation_;
  trial_out_ = false;
  next_ = filled_ = failures_ = 0;
  if (next == state::open)
    opened_at_ms_ = now_ms;
}

} // namespace troupe

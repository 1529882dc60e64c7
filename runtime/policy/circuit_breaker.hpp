#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/workflow/policies.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe {

/// Keeps tasks away from an agent that keeps failing (Nygard, "Release It!").
///
///             failure_ratio of the last `window` results failed
///   closed ────────────────────────────────────────────────────▶ open ◀───┐
///     ▲                                                            │       │ trial failed
///     │ trial succeeded                       open_for has passed  ▼       │
///     └─────────────────────────────────────────────────────── half-open ──┘
///                                                   one trial at a time
///
/// Nothing is decided before `window` results are in. After a successful trial the window is empty again.
/// Times are milliseconds of one steady clock.
class circuit_breaker {
public:
  enum class state { closed, open, half_open };

  /// Leave to call the agent once; to be given back by `record` or `abandon`. Results of calls that began before the
  /// last change of state are recognised by it and ignored: they say nothing about now.
  struct permit {
    uint64_t generation = 0;
  };

  /// Larger windows are cut to this.
  static constexpr uint32_t largest_window = 10'000;

  /// `window` 0 switches the breaker off: it never opens.
  explicit circuit_breaker(breaker_policy policy = {});

  /// Asks for leave to call. Nothing: the breaker is open, or half-open with its trial out.
  std::optional<permit> try_acquire(int64_t now_ms);

  /// Whether try_acquire would succeed.
  bool allows(int64_t now_ms) const;

  /// The call ended. Only the agent's own failures count as such; see `abandon` for the rest.
  void record(permit p, bool success, int64_t now_ms);

  /// The call ended and says nothing about the agent (cancelled, never begun, its node died): a trial is given back.
  void abandon(permit p);

  state current(int64_t now_ms) const;

  /// How long until a call can be let through; zero when it is now. While a trial is out nobody knows when it ends:
  /// then `open_for`.
  milliseconds retry_after(int64_t now_ms) const;

  const breaker_policy& policy() const {
    return policy_;
  }

private:
  void move_to(state next, int64_t now_ms);

  breaker_policy policy_;
  /// Never half_open until the first call is let through; `current` tells what the clock makes of it.
  state state_ = state::closed;
  uint64_t generation_ = 0;
  int64_t opened_at_ms_ = 0;
  bool trial_out_ = false;
  /// Ring of the last results, true = failed.
  std::vector<bool> ring_;
  uint32_t next_ = 0;
  uint32_t filled_ = 0;
  uint32_t failures_ = 0;
};

} // namespace troupe

#pragma once

#include "tests/sim/mutation.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/scheduler.hpp"
#include "tests/sim/tally.hpp"

#include "runtime/core/random.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::sim {

/// What every part of a world shares.
struct context {
  context(uint64_t seed_, mutation broken_, bool trace_, random_source random_)
      : seed{seed_}, broken{broken_}, trace{trace_}, random{random_}, judge{time, seen} {}
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  uint64_t seed;
  mutation broken;
  bool trace;
  /// Tasks that may wait in a dispatcher.
  size_t most_queued = 0;
  scheduler time;
  random_source random;
  tally seen;
  oracle judge;

  void see(sight what, uint64_t times = 1) {
    seen.see(what, times);
  }

  template <class... Args>
  void say(const process& who, fmt::format_string<Args...> text, Args&&... args) const {
    if (trace)
      print(who.name, fmt::format(text, std::forward<Args>(args)...));
  }

  void print(std::string_view who, const std::string& text) const {
    fmt::print("{:11.6f} {:<6} {}\n", static_cast<double>(time.now()) / second, who, text);
  }

  /// Uniform in [low, high].
  usec between(usec low, usec high) {
    return low + static_cast<usec>(random.below(static_cast<uint64_t>(high - low + 1)));
  }

  bool chance(double p) {
    return random.unit() < p;
  }

  /// To an actor of the same process.
  void post(process& p, uint64_t to, std::function<void()> what) {
    time.post(p, to, random.next(), std::move(what));
  }
};

} // namespace troupe::sim

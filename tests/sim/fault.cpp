#include "tests/sim/fault.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::sim {

namespace {

usec span(random_source& dice, usec low, usec high) {
  return low + static_cast<usec>(dice.below(static_cast<uint64_t>(high - low + 1)));
}

/// Mostly short, sometimes longer than every patience (3, 5, 7, 10, 30 s).
usec duration(random_source& dice) {
  auto x = dice.unit();
  return x < 0.4   ? span(dice, 10 * msec, 2 * second)
         : x < 0.9 ? span(dice, 2 * second, 12 * second)
                   : span(dice, 12 * second, 45 * second);
}

} // namespace

const char* name_of(fault::kind x) {
  constexpr const char* names[fault::kinds] = {"crash",
                                               "termination",
                                               "power off",
                                               "crash of a run",
                                               "pause",
                                               "reset",
                                               "half-open connection",
                                               "partition",
                                               "one-way partition",
                                               "slow process",
                                               "clock jump",
                                               "failing store",
                                               "lying store",
                                               "slow store",
                                               "cut from the store",
                                               "duplicate results"};
  return names[static_cast<size_t>(x)];
}

std::string to_string(const fault& x, const std::vector<std::string>& names) {
  auto out = fmt::format("at {:.3f} s {}", static_cast<double>(x.at) / second, name_of(x.what));
  switch (x.what) {
  case fault::kind::reset:
  case fault::kind::half_open:
    return fmt::format("{} of {} and {}", out, names[x.who], names[x.other]);
  case fault::kind::partition:
  case fault::kind::one_way:
    out += fmt::format(" of {} and {}", names[x.who], names[x.other]);
    break;
  case fault::kind::clock_jump:
    return fmt::format("{} of {} by {} ms", out, names[x.who], x.by_ms);
  case fault::kind::store_fails:
  case fault::kind::store_lies:
  case fault::kind::store_slow:
  case fault::kind::duplicates:
    break;
  default:
    out += fmt::format(" of {}", names[x.who]);
  }
  return fmt::format("{} for {:.3f} s", out, static_cast<double>(x.lasts) / second);
}

std::vector<fault> draw_faults(random_source& dice, const cast_list& cast, usec until) {
  std::vector<fault> out(dice.below(9));
  for (auto& x : out) {
    x.what = static_cast<fault::kind>(dice.below(fault::kinds));
    x.at = span(dice, 0, until);
    x.lasts = duration(dice);
    auto servers = cast.coordinators + cast.workers;
    x.who = dice.below(servers);
    // Links are between a coordinator and somebody else.
    auto coordinator = dice.below(cast.coordinators);
    x.other = cast.coordinators + dice.below(cast.workers + 1);
    switch (x.what) {
    case fault::kind::reset:
    case fault::kind::half_open:
    case fault::kind::partition:
    case fault::kind::one_way:
      x.who = coordinator;
      if (dice.below(2) == 0)
        std::swap(x.who, x.other);
      break;
    case fault::kind::clock_jump: {
      constexpr int64_t jumps[] = {-3'600'000, -30'000, -500, 500, 30'000, 3'600'000};
      x.by_ms = jumps[dice.below(std::size(jumps))];
      break;
    }
    case fault::kind::store_cut:
      x.who = coordinator;
      x.lasts += span(dice, 0, 12 * second);
      break;
    case fault::kind::run_crash:
      x.who = coordinator;
      x.lasts = 0;
      break;
    case fault::kind::pause:
      if (dice.below(3) == 0)
        x.who = coordinator;
      if (dice.below(3) == 0)
        x.lasts += 10 * second;
      break;
    case fault::kind::store_slow:
      x.lasts = std::min(x.lasts, 10 * second);
      break;
    default:
      break;
    }
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.at < b.at; });
  return out;
}

} // namespace troupe::sim

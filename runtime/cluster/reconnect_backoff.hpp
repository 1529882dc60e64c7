#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/random.hpp"

#include <algorithm>

namespace troupe {

/// How long to wait before the next try to connect. Doubles up to a bound; each delay is drawn evenly from its upper
/// half, so that the nodes that lost a coordinator together do not come back together.
class reconnect_backoff {
public:
  explicit reconnect_backoff(uint64_t seed, milliseconds first = milliseconds{100},
                             milliseconds last = milliseconds{2'000})
      : random_{seed}, first_{first}, last_{last}, next_{first} {}

  milliseconds next() {
    auto span = next_;
    next_ = std::min(last_, next_ * 2);
    auto half = span / 2;
    return half + milliseconds{static_cast<int64_t>(random_.unit() * static_cast<double>((span - half).count()))};
  }

  /// After a connection that held.
  void reset() {
    next_ = first_;
  }

private:
  random_source random_;
  milliseconds first_;
  milliseconds last_;
  milliseconds next_;
};

} // namespace troupe

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace troupe::test {

/// TROUPE_SLOWDOWN: how much slower than usual this build is (sanitizers), a whole number.
inline int slowdown() {
  static const int value = [] {
    const auto* text = std::getenv("TROUPE_SLOWDOWN");
    return text ? std::max(1, std::atoi(text)) : 1;
  }();
  return value;
}

/// What a test allows for something that takes less than `usual` in a build without sanitizers.
template <class Duration>
Duration patient(Duration usual) {
  return usual * slowdown();
}

/// For whatever must come, and is a failure when it does not.
inline const std::chrono::seconds patience = patient(std::chrono::seconds{20});

} // namespace troupe::test

#pragma once

#include <cstdint>

namespace troupe {

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, seedable, the same on every machine, which
/// the distributions of <random> are not.
class random_source {
public:
  explicit random_source(uint64_t seed) : state_{seed} {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, 1).
  double unit() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
  }

  /// Uniform in [0, bound); `bound` > 0. The bias is below bound / 2^64.
  uint64_t below(uint64_t bound) {
    __extension__ using wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<wide>(next()) * bound) >> 64);
  }

private:
  uint64_t state_;
};

} // namespace troupe

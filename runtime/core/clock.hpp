#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

using milliseconds = std::chrono::milliseconds;

/// The only way the core learns the time. Real clocks live in the shell.
class clock {
public:
  virtual ~clock() = default;

  /// Unix time in milliseconds, for people and journals. May jump.
  virtual int64_t wall_ms() const = 0;

  /// Milliseconds since some fixed point; never goes back. For deadlines.
  virtual int64_t steady_ms() const = 0;
};

} // namespace troupe

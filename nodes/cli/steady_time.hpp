#pragma once

#include <chrono>
#include <cstdint>

namespace troupe::cli {

/// For waiting and for what is drawn; only differences mean anything.
inline int64_t steady_now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

} // namespace troupe::cli

#include "actors/agents/work_meter.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace troupe {

namespace {

constexpr uint64_t quick_us = 100;

int64_t steady_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

int64_t micros(const timeval& x) {
  return int64_t{x.tv_sec} * 1'000'000 + x.tv_usec;
}

struct counters {
  int64_t processor_us = 0;
  /// How often the thread gave the processor away.
  int64_t blocked = 0;
};

bool read(counters& out) {
  rusage usage{};
  if (getrusage(RUSAGE_THREAD, &usage) != 0)
    return false;
  out = {micros(usage.ru_utime) + micros(usage.ru_stime), usage.ru_nvcsw};
  return true;
}

} // namespace

void work_meter::begin() {
  counters now;
  counting_ = worth_counting_ && read(now);
  processor_us_ = now.processor_us;
  blocked_ = now.blocked;
  wall_ns_ = steady_ns();
}

uint64_t work_meter::end() {
  auto wall = static_cast<uint64_t>(std::max<int64_t>(1'000, steady_ns() - wall_ns_)) / 1'000;
  wall_us_ = wall;
  worth_counting_ = wall > quick_us;
  counters now;
  if (!counting_ || !read(now) || now.blocked != blocked_)
    return wall;
  return std::clamp<uint64_t>(static_cast<uint64_t>(std::max<int64_t>(0, now.processor_us - processor_us_)), 1, wall);
}

} // namespace troupe

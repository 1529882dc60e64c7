// How far apart the cores are: what two threads that work together pay for each thing that one takes from the other.

#include "bench/cases.hpp"
#include "bench/stopwatch.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

namespace troupe::bench {

namespace {

void stay_on(int core) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
}

std::vector<int> cores() {
  cpu_set_t all;
  CPU_ZERO(&all);
  ::sched_getaffinity(0, sizeof all, &all);
  std::vector<int> out;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &all))
      out.push_back(i);
  return out;
}

/// Nanoseconds for a cache line to go to the other core and back.
double round_trip(int here, int there) {
  constexpr int count = 100'000;
  alignas(64) std::atomic<int> turn{0};
  double seconds = 0;
  std::thread other{[&] {
    stay_on(there);
    for (int i = 0; i < count; ++i) {
      while (turn.load(std::memory_order_acquire) != 2 * i + 1) {
      }
      turn.store(2 * i + 2, std::memory_order_release);
    }
  }};
  std::thread one{[&] {
    stay_on(here);
    stopwatch watch;
    for (int i = 0; i < count; ++i) {
      turn.store(2 * i + 1, std::memory_order_release);
      while (turn.load(std::memory_order_acquire) != 2 * i + 2) {
      }
    }
    seconds = watch.seconds();
  }};
  one.join();
  other.join();
  return 1e9 * seconds / count;
}

} // namespace

void cache_line_case(report& out) {
  auto all = cores();
  if (all.size() < 2)
    return;
  figure x;
  x.name = "a cache line to the next core and back";
  x.unit = "ns";
  x.note =
      "nothing of ours: a virtual machine's cores may be near each other today and far apart tomorrow, and whatever "
      "two of them do together takes up to twice as long then";
  out.measure(std::move(x), [&] { return round_trip(all[0], all[1]); });
}

} // namespace troupe::bench

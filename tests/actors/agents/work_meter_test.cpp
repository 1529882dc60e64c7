#include "actors/agents/work_meter.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace troupe {
namespace {

using namespace std::chrono;

uint64_t spin(uint64_t rounds) {
  volatile uint64_t x = 0;
  for (uint64_t i = 0; i < rounds; ++i)
    x = x + i;
  return x;
}

TEST(work_meter, counts_no_more_than_passed_however_many_threads_share_the_processors) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4 * std::max(1u, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back([] {
      work_meter meter;
      for (int task = 0; task < 5; ++task) {
        auto before = steady_clock::now();
        meter.begin();
        spin(1'000'000);
        auto work = meter.end();
        auto wall = duration_cast<microseconds>(steady_clock::now() - before).count();
        EXPECT_GE(work, 1u);
        EXPECT_LE(work, static_cast<uint64_t>(wall) + 1);
      }
    });
  for (auto& x : threads)
    x.join();
}

TEST(work_meter, counts_the_time_that_a_task_was_blocked) {
  work_meter meter;
  std::promise<void> gate;
  auto open = gate.get_future();
  std::thread other;
  steady_clock::time_point begun;
  uint64_t least = 0;
  meter.begin();
  other = std::thread{[&] {
    begun = steady_clock::now();
    spin(20'000'000);
    least = static_cast<uint64_t>(duration_cast<microseconds>(steady_clock::now() - begun).count());
    gate.set_value();
  }};
  open.wait();
  auto work = meter.end();
  other.join();
  EXPECT_GE(work + 1, least);
}

TEST(work_meter, writes_what_a_task_took_into_its_result) {
  work_meter meter;
  auto result = meter.measure([] {
    v1::TaskResult out;
    out.set_status(v1::TASK_STATUS_SUCCESS);
    return out;
  });
  EXPECT_EQ(result.status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_GE(result.timings().work_us(), 1u);
}

} // namespace
} // namespace troupe

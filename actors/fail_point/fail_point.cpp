#include "actors/fail_point/fail_point.hpp"

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <thread>

namespace troupe::fail_points {

std::atomic<bool> armed{false};

namespace {

std::string target;
std::atomic<uint32_t> passes_left{0};
bool hangs = false;

} // namespace

result<void> arm(std::string_view spec) {
  constexpr std::string_view hang = ":hang";
  auto whole = spec;
  hangs = spec.ends_with(hang);
  if (hangs)
    spec.remove_suffix(hang.size());
  auto colon = spec.find(':');
  auto name = spec.substr(0, colon);
  uint32_t passes = 1;
  auto good = !name.empty();
  if (colon != std::string_view::npos) {
    auto number = spec.substr(colon + 1);
    auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), passes);
    good = good && failed == std::errc{} && end == number.data() + number.size() && passes > 0;
  }
  if (!good)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "\"" + std::string{whole}
                    + "\" is no fail point: expected NAME, NAME:N or NAME:N:hang, as in run.durable:2");
  target = name;
  passes_left = passes;
  armed = true;
  return {};
}

void passed(std::string_view name) {
  if (name != target)
    return;
  // Stays at the last pass: whoever comes later hangs as well.
  auto left = passes_left.load();
  while (left > 1 && !passes_left.compare_exchange_weak(left, left - 1))
    continue;
  if (left > 1)
    return;
  if (!hangs)
    std::raise(SIGKILL);
  for (;;)
    std::this_thread::sleep_for(std::chrono::hours{1});
}

} // namespace troupe::fail_points

#include "actors/fail_point/fail_point.hpp"

#include <charconv>
#include <csignal>
#include <cstdint>
#include <string>

namespace troupe::fail_points {

std::atomic<bool> armed{false};

namespace {

std::string target;
std::atomic<uint32_t> passes_left{0};

} // namespace

result<void> arm(std::string_view spec) {
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
                "\"" + std::string{spec} + "\" is no fail point: expected NAME or NAME:N, as in run.durable:2");
  target = name;
  passes_left = passes;
  armed = true;
  return {};
}

void passed(std::string_view name) {
  if (name == target && passes_left.fetch_sub(1) == 1)
    std::raise(SIGKILL);
}

} // namespace troupe::fail_points

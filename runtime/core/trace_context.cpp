#include "runtime/core/trace_context.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

constexpr size_t trace_begin = 3;
constexpr size_t trace_digits = 32;
constexpr size_t parent_begin = 36;
constexpr size_t parent_digits = 16;
constexpr size_t length = 55;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

} // namespace

std::string_view trace_id(std::string_view traceparent) {
  if (traceparent.size() != length || traceparent.substr(0, trace_begin) != "00-"
      || traceparent[parent_begin - 1] != '-' || traceparent[parent_begin + parent_digits] != '-')
    return {};
  auto trace = traceparent.substr(trace_begin, trace_digits);
  auto parent = traceparent.substr(parent_begin, parent_digits);
  auto flags = traceparent.substr(parent_begin + parent_digits + 1);
  // Zeros stand for "none" and make it invalid.
  if (!is_hex(trace) || is_zero(trace) || !is_hex(parent) || is_zero(parent) || !is_hex(flags))
    return {};
  return trace;
}

std::string new_traceparent(random_source& random) {
  auto high = random.next();
  auto low = random.next();
  auto parent = random.next();
  // Never all zeros.
  return fmt::format("00-{:016x}{:016x}-{:016x}-01", high, low | 1, parent | 1);
}

} // namespace troupe

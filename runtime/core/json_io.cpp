#include "runtime/core/json_io.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

namespace troupe {

namespace {

namespace dom = simdjson::dom;

/// A thread's parser keeps some fifteen times the size of the longest text that it has read.
constexpr size_t longest_common = size_t{256} << 10;

/// False when something is no common JSON.
bool build(const dom::element& from, json& out, size_t levels);

bool build_object(const dom::object& from, json& out, size_t levels) {
  json::object_t members;
  for (auto member : from) {
    json value;
    if (!build(member.value, value, levels - 1))
      return false;
    // Mostly sorted already; of two members of the same name the last one counts.
    members.insert_or_assign(members.end(), std::string{member.key}, std::move(value));
  }
  out = std::move(members);
  return true;
}

bool build_array(const dom::array& from, json& out, size_t levels) {
  json::array_t values;
  values.reserve(from.size());
  for (auto value : from)
    if (!build(value, values.emplace_back(), levels - 1))
      return false;
  out = std::move(values);
  return true;
}

bool build(const dom::element& from, json& out, size_t levels) {
  switch (from.type()) {
  case dom::element_type::OBJECT:
    return levels > 0 && build_object(from.get_object().value_unsafe(), out, levels);
  case dom::element_type::ARRAY:
    return levels > 0 && build_array(from.get_array().value_unsafe(), out, levels);
  case dom::element_type::STRING:
    out = std::string{from.get_string().value_unsafe()};
    return true;
  case dom::element_type::INT64: {
    auto number = from.get_int64().value_unsafe();
    // The sign decides the kind, as it does in json::parse.
    if (number < 0)
      out = number;
    else
      out = static_cast<uint64_t>(number);
    return true;
  }
  case dom::element_type::UINT64:
    out = from.get_uint64().value_unsafe();
    return true;
  case dom::element_type::DOUBLE:
    out = from.get_double().value_unsafe();
    return true;
  case dom::element_type::BOOL:
    out = from.get_bool().value_unsafe();
    return true;
  case dom::element_type::NULL_VALUE:
    out = nullptr;
    return true;
  }
  return false;
}

constexpr bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F && c != '"' && c != '\\';
}

/// Whether a string is printed as it is. Eight characters at a time: strings are most of what is printed.
bool is_plain(std::string_view text) {
  constexpr uint64_t each = 0x0101010101010101;
  constexpr uint64_t high = 0x80 * each;
  // The high bit of each byte that is zero (and perhaps of some above it, which makes no difference here).
  auto zeros = [](uint64_t x) { return (x - each) & ~x; };
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t x = 0;
    std::memcpy(&x, text.data() + i, 8);
    auto odd = x | (x - 0x20 * each) | (x + each) | zeros(x ^ '"' * each) | zeros(x ^ '\\' * each);
    if ((odd & high) != 0)
      break;
  }
  return std::all_of(text.begin() + static_cast<ptrdiff_t>(i), text.end(), [](char c) { return is_plain(c); });
}

void print(const json& value, json::error_handler_t bad_text, std::string& out);

void print_text(std::string_view text, json::error_handler_t bad_text, std::string& out) {
  if (!is_plain(text)) {
    out += json(text).dump(-1, ' ', false, bad_text);
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

template <class Integer>
void print_integer(Integer number, std::string& out) {
  std::array<char, 24> digits{};
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void print(const json& value, json::error_handler_t bad_text, std::string& out) {
  switch (value.type()) {
  case json::value_t::object: {
    out += '{';
    auto first = true;
    for (const auto& [name, member] : value.get_ref<const json::object_t&>()) {
      if (!std::exchange(first, false))
        out += ',';
      print_text(name, bad_text, out);
      out += ':';
      print(member, bad_text, out);
    }
    out += '}';
    return;
  }
  case json::value_t::array: {
    out += '[';
    auto first = true;
    for (const auto& element : value) {
      if (!std::exchange(first, false))
        out += ',';
      print(element, bad_text, out);
    }
    out += ']';
    return;
  }
  case json::value_t::string:
    print_text(value.get_ref<const std::string&>(), bad_text, out);
    return;
  case json::value_t::number_integer:
    print_integer(value.get<int64_t>(), out);
    return;
  case json::value_t::number_unsigned:
    print_integer(value.get<uint64_t>(), out);
    return;
  default:
    out += value.dump(-1, ' ', false, bad_text);
  }
}

/// Points into the thread's parser: good until the next call.
std::optional<dom::element> parse_common(std::string_view text) {
  // It lets halves of surrogate pairs and a byte order mark pass, so it gets none to see.
  if (text.size() > longest_common || text.starts_with('\xEF') || text.find("\\u") != std::string_view::npos)
    return std::nullopt;
  thread_local dom::parser parser;
  if (parser.max_depth() != common_depth && parser.allocate(1'024, common_depth) != simdjson::SUCCESS)
    return std::nullopt;
  dom::element whole;
  if (parser.parse(text.data(), text.size()).get(whole) != simdjson::SUCCESS)
    return std::nullopt;
  return whole;
}

} // namespace

std::optional<json> read_common_json(std::string_view text, size_t max_depth) {
  auto whole = parse_common(text);
  json out;
  if (!whole || !build(*whole, out, max_depth))
    return std::nullopt;
  return out;
}

bool is_common_json(std::string_view text) {
  return parse_common(text).has_value();
}

json read_json(std::string_view text) {
  if (auto common = read_common_json(text, common_depth))
    return std::move(*common);
  return json::parse(text);
}

std::string print_json(const json& value, json::error_handler_t bad_text) {
  // What is printed is kept for as long as a run: it gets a string of its size, and grows in one that is used again.
  constexpr size_t most_kept = size_t{64} << 10;
  thread_local std::string scratch;
  scratch.clear();
  print(value, bad_text, scratch);
  if (scratch.capacity() > most_kept)
    return std::exchange(scratch, {});
  return scratch;
}

void append_value(const json& value, std::string& out) {
  print(value, json::error_handler_t::replace, out);
}

void append_json(std::string_view text, std::string& out) {
  print_text(text, json::error_handler_t::replace, out);
}

} // namespace troupe

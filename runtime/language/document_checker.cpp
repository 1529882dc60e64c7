#include "runtime/language/document_checker.hpp"

#include "runtime/language/duration.hpp"
#include "runtime/language/nearest.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

/// Enough to work on; a document with more faults is probably of another kind.
constexpr size_t most_faults = 100;

std::string describe(const document_node& node) {
  if (node.is == document_node::shape::list)
    return "a list";
  if (node.is == document_node::shape::object)
    return "an object";
  if (node.scalar.is_null())
    return "nothing (null)";
  if (node.scalar.is_string())
    return "the text \"" + excerpt(node.scalar.get_ref<const std::string&>()) + "\"";
  return node.scalar.dump();
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// "3", not "3.0" or "inf".
std::string number_text(double x) {
  return std::trunc(x) == x && std::abs(x) < 1e15 ? std::to_string(static_cast<int64_t>(x)) : json(x).dump();
}

} // namespace

bool is_identifier(std::string_view text) {
  auto inner = [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 64 && is_letter(text[0]) && std::all_of(text.begin(), text.end(), inner);
}

bool document_checker::full() const {
  return faults_.size() >= most_faults;
}

void document_checker::fault(const document_value& at, std::string message, std::string remedy) {
  if (!full())
    faults_.push_back(
        {source_, at.node->where.line, at.node->where.column, at.place, std::move(message), std::move(remedy)});
}

void document_checker::warn(const document_value& at, std::string message, std::string remedy) {
  warnings_.push_back(
      {source_, at.node->where.line, at.node->where.column, at.place, std::move(message), std::move(remedy)});
}

void document_checker::mismatch(const document_value& at, const std::string& expected, std::string remedy) {
  fault(at, "expected " + expected + ", found " + describe(*at.node), std::move(remedy));
}

std::optional<std::string> document_checker::text(const document_value& at) {
  if (at.is_text())
    return at.text();
  auto scalar = at.node->is == document_node::shape::scalar && !at.node->scalar.is_null();
  mismatch(at, "text", scalar ? "quote it" : "");
  return std::nullopt;
}

std::optional<std::string> document_checker::identifier(const document_value& at) {
  auto value = text(at);
  if (value && !is_identifier(*value)) {
    fault(at, "\"" + excerpt(*value) + "\" is not a name",
          "use at most 64 of A-Z a-z 0-9 _ and -, not beginning with a digit or -");
    return std::nullopt;
  }
  return value;
}

std::optional<bool> document_checker::boolean(const document_value& at) {
  if (at.node->is == document_node::shape::scalar && at.node->scalar.is_boolean())
    return at.node->scalar.get<bool>();
  mismatch(at, "true or false");
  return std::nullopt;
}

std::optional<int64_t> document_checker::integer(const document_value& at, int64_t low, int64_t high) {
  auto& x = at.node->scalar;
  if (at.node->is == document_node::shape::scalar && x.is_number_integer()) {
    auto fits = !x.is_number_unsigned() || x.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()};
    if (fits && x.get<int64_t>() >= low && x.get<int64_t>() <= high)
      return x.get<int64_t>();
  }
  mismatch(at, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return std::nullopt;
}

std::optional<double> document_checker::number(const document_value& at, double low, double high) {
  auto& x = at.node->scalar;
  if (at.node->is == document_node::shape::scalar && x.is_number() && x.get<double>() >= low && x.get<double>() <= high)
    return x.get<double>();
  mismatch(at, std::isinf(high) ? "a number of at least " + number_text(low)
                                : "a number from " + number_text(low) + " to " + number_text(high));
  return std::nullopt;
}

std::optional<milliseconds> document_checker::duration(const document_value& at, bool zero_allowed) {
  auto& x = at.node->scalar;
  std::optional<milliseconds> value;
  if (at.is_text())
    value = parse_duration(at.text());
  else if (at.node->is == document_node::shape::scalar && x.is_number())
    value = duration_of_seconds(x.get<double>());
  if (!value) {
    mismatch(at, "a duration of at most 720h (\"500ms\", \"120s\", \"10m\", \"1h\", or a number of seconds)");
    return std::nullopt;
  }
  if (value->count() == 0 && !zero_allowed) {
    fault(at, "a duration of zero", "leave the key out for no bound");
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> document_checker::one_of(const document_value& at, const std::vector<std::string>& words) {
  if (at.is_text() && std::find(words.begin(), words.end(), at.text()) != words.end())
    return at.text();
  mismatch(at, words.size() == 1 ? words[0] : "one of " + enumerate(words),
           at.is_text() && !full() ? did_you_mean(at.text(), words) : "");
  return std::nullopt;
}

bool document_checker::list(const document_value& at, const std::string& of_what) {
  if (!at.is_list()) {
    mismatch(at, "a list of " + of_what);
    return false;
  }
  return true;
}

std::vector<std::string> document_checker::texts(const document_value& at) {
  std::vector<std::string> out;
  if (!list(at, "texts"))
    return out;
  for (size_t i = 0; i < at.node->items.size(); ++i)
    if (auto item = text(at.item(i)))
      out.push_back(std::move(*item));
  return out;
}

std::map<std::string, std::string> document_checker::text_map(const document_value& at) {
  std::map<std::string, std::string> out;
  if (!at.is_object()) {
    mismatch(at, "an object of texts");
    return out;
  }
  for (auto& m : at.node->members)
    if (auto value = text(at.member(m)))
      out.emplace(m.key, std::move(*value));
  return out;
}

object_reader::object_reader(document_checker& check, document_value at, const key_list& keys, const std::string& what)
    : check_{check}, at_{std::move(at)}, is_object_{at_.is_object()} {
  if (!is_object_) {
    check_.mismatch(at_, what + " (an object with " + enumerate(keys) + ")");
    return;
  }
  for (auto& m : at_.node->members) {
    if (check_.full() || std::find(keys.begin(), keys.end(), m.key) != keys.end())
      continue;
    // The fault is the key, so it is reported there and not at its value.
    document_node key;
    key.where = m.where;
    auto name = excerpt(m.key);
    check_.fault({&key, at_.place + (at_.place.empty() ? "" : ".") + name},
                 "unknown key in " + what + "; expected one of " + enumerate(keys), did_you_mean(m.key, keys));
  }
}

std::optional<document_value> object_reader::operator[](std::string_view key) const {
  if (!is_object_)
    return std::nullopt;
  auto* m = at_.node->find(key);
  return m ? std::optional{at_.member(*m)} : std::nullopt;
}

std::optional<document_value> object_reader::need(std::string_view key) const {
  auto value = (*this)[key];
  if (!value && is_object_)
    check_.fault(at_, "the key \"" + std::string{key} + "\" is missing");
  return value;
}

} // namespace troupe

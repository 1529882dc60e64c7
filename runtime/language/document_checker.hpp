#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/language/document_node.hpp"
#include "runtime/language/keys.hpp"
#include "runtime/language/load.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A value of a document and where it is: "steps[2].agent".
struct document_value {
  const document_node* node = nullptr;
  std::string place;

  document_value item(size_t i) const {
    return {node->items[i].get(), place + "[" + std::to_string(i) + "]"};
  }

  document_value member(const document_member& m) const {
    return {m.value.get(), place + (place.empty() ? "" : ".") + m.key};
  }

  bool is_object() const {
    return node->is == document_node::shape::object;
  }

  bool is_list() const {
    return node->is == document_node::shape::list;
  }

  bool is_text() const {
    return node->is == document_node::shape::scalar && node->scalar.is_string();
  }

  /// Precondition: is_text().
  const std::string& text() const {
    return node->scalar.get_ref<const std::string&>();
  }
};

/// Collects the faults of one source and reads typed values: each read reports what is wrong and yields nothing then.
class document_checker {
public:
  explicit document_checker(std::string source) : source_{std::move(source)} {}

  void fault(const document_value& at, std::string message, std::string remedy = {});
  void warn(const document_value& at, std::string message, std::string remedy = {});
  /// "expected …, found …"
  void mismatch(const document_value& at, const std::string& expected, std::string remedy = {});

  std::optional<std::string> text(const document_value& at);
  /// [A-Za-z_][A-Za-z0-9_-]{0,63}
  std::optional<std::string> identifier(const document_value& at);
  std::optional<bool> boolean(const document_value& at);
  std::optional<int64_t> integer(const document_value& at, int64_t low, int64_t high);
  std::optional<double> number(const document_value& at, double low,
                               double high = std::numeric_limits<double>::infinity());
  /// At least one millisecond, unless `zero_allowed`.
  std::optional<milliseconds> duration(const document_value& at, bool zero_allowed = false);
  std::optional<std::string> one_of(const document_value& at, const std::vector<std::string>& words);
  std::vector<std::string> texts(const document_value& at);
  std::map<std::string, std::string> text_map(const document_value& at);
  bool list(const document_value& at, const std::string& of_what);

  const std::vector<diagnostic>& faults() const {
    return faults_;
  }

  const std::vector<diagnostic>& warnings() const {
    return warnings_;
  }

  /// No further fault will be kept, so that nobody need look for remedies.
  bool full() const;

  bool clean() const {
    return faults_.empty();
  }

private:
  std::string source_;
  std::vector<diagnostic> faults_;
  std::vector<diagnostic> warnings_;
};

/// Reads the members of an object: reports a value that is no object, and keys that are not in `keys`.
class object_reader {
public:
  object_reader(document_checker& check, document_value at, const key_list& keys, const std::string& what);

  /// False when the value is no object (which has been reported).
  explicit operator bool() const {
    return is_object_;
  }

  std::optional<document_value> operator[](std::string_view key) const;
  /// Reports when it is missing.
  std::optional<document_value> need(std::string_view key) const;
  const document_value& at() const {
    return at_;
  }

private:
  document_checker& check_;
  document_value at_;
  bool is_object_ = false;
};

bool is_identifier(std::string_view text);

} // namespace troupe

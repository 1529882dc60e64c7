#pragma once

#include "runtime/core/json.hpp"
#include "runtime/expression/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::jsonpath_syntax {

/// The tokens of RFC 9535 that are made of characters: names, strings, numbers. Keeps the first fault.
class text_cursor {
public:
  /// `text` is UTF-8 and outlives the cursor.
  explicit text_cursor(std::string_view text) : text_{text} {}

  bool at_end() const {
    return pos_ >= text_.size();
  }

  bool at(char c) const {
    return pos_ < text_.size() && text_[pos_] == c;
  }

  bool at_number() const {
    return pos_ < text_.size() && (text_[pos_] == '-' || (text_[pos_] >= '0' && text_[pos_] <= '9'));
  }

  bool take(char c) {
    const bool found = at(c);
    pos_ += found ? 1 : 0;
    return found;
  }

  bool take(std::string_view word) {
    const bool found = text_.substr(pos_).starts_with(word);
    pos_ += found ? word.size() : 0;
    return found;
  }

  void skip_space();

  size_t position() const {
    return pos_;
  }

  void rewind(size_t position) {
    pos_ = position;
  }

  bool shorthand_name(std::string& out);

  /// A string in quotes, its escapes resolved.
  bool quoted(std::string& out);

  /// Index or bound of a slice: within ±(2^53 - 1), no leading zero, no "-0".
  bool integer(int64_t& out);

  /// A number literal, as JSON has it.
  bool number(json& out);

  /// Possibly empty: letters, digits and underscores.
  std::string_view lower_case_word();

  /// Always false. Notes what was expected at the place where the cursor stands.
  bool reject(std::string_view expected);
  bool reject_at(size_t position, std::string_view expected);

  /// "column 5: expected …, found …"
  const std::string& fault() const {
    return fault_;
  }

private:
  bool escape(char quote, std::string& out);
  bool hex4(uint32_t& out);

  std::string_view text_;
  size_t pos_ = 0;
  std::string fault_;
};

} // namespace troupe::jsonpath_syntax

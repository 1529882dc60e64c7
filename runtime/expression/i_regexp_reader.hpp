#pragma once

#include "runtime/expression/i_regexp.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Reads those parts of a pattern that stand for characters: escapes and classes. Keeps the first fault.
class i_regexp_reader {
protected:
  using char_class = i_regexp::char_class;

  i_regexp_reader(std::string_view text, i_regexp::dialect as) : text_{text}, ecma_{as == i_regexp::dialect::ecma} {}

  /// Always false.
  bool reject(const char* fault);

  bool at(char c) const {
    return pos_ < text_.size() && text_[pos_] == c;
  }

  /// What follows a backslash: one character, or (when there is none and no fault) a class merged into `set`.
  std::optional<char32_t> escape(char_class& set);

  /// What follows an opening bracket, to the closing one.
  bool read_class(char_class& set);

  std::string_view text_;
  bool ecma_;
  size_t pos_ = 0;
  std::string fault_;

private:
  std::optional<char32_t> unknown_escape();
  std::optional<char32_t> ecma_escape();
  std::optional<char32_t> hex(int digits);
  std::optional<char32_t> class_character(char_class& set);
  void category(char_class& set, bool negated);
  static void merge(char_class& set, const char_class& part, bool negated);
};

} // namespace troupe

#include "runtime/expression/jsonpath_text.hpp"

namespace troupe::jsonpath_syntax {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool begins_name(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

} // namespace

void text_cursor::skip_space() {
  while (at(' ') || at('\t') || at('\n') || at('\r'))
    ++pos_;
}

bool text_cursor::shorthand_name(std::string& out) {
  const auto begin = pos_;
  if (at_end() || !begins_name(text_[pos_]))
    return false;
  while (!at_end() && (begins_name(text_[pos_]) || is_digit(text_[pos_])))
    ++pos_;
  out = text_.substr(begin, pos_ - begin);
  return true;
}

bool text_cursor::quoted(std::string& out) {
  const auto begin = pos_;
  const char quote = text_[pos_++];
  for (;;) {
    if (at_end())
      return reject_at(begin, "the quote is never closed");
    const char c = text_[pos_];
    if (c == quote) {
      ++pos_;
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20)
      return reject("control characters must be escaped");
    ++pos_;
    if (c != '\\')
      out.push_back(c);
    else if (!escape(quote, out))
      return false;
  }
}

bool text_cursor::escape(char quote, std::string& out) {
  static constexpr std::string_view letters = "btnfr/\\";
  static constexpr std::string_view meanings = "\b\t\n\f\r/\\";
  if (at_end())
    return reject("expected an escaped character");
  const char c = text_[pos_];
  if (c == quote) {
    out.push_back(c);
    ++pos_;
    return true;
  }
  if (const auto i = letters.find(c); i != std::string_view::npos) {
    out.push_back(meanings[i]);
    ++pos_;
    return true;
  }
  if (c != 'u')
    return reject("unknown escape");
  const auto begin = pos_++ - 1;
  uint32_t code = 0;
  if (!hex4(code))
    return false;
  if (code >= 0xD800 && code <= 0xDBFF) {
    uint32_t low = 0;
    if (!take("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) {
      fault_.clear();
      return reject_at(begin, "half of a surrogate pair");
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    return reject_at(begin, "half of a surrogate pair");
  }
  utf8::append(out, code);
  return true;
}

bool text_cursor::hex4(uint32_t& out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++pos_) {
    const char c = at_end() ? '\0' : text_[pos_];
    uint32_t digit = 0;
    if (is_digit(c))
      digit = static_cast<uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<uint32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<uint32_t>(c - 'A' + 10);
    else
      return reject("expected four hexadecimal digits");
    out = out * 16 + digit;
  }
  return true;
}

bool text_cursor::integer(int64_t& out) {
  constexpr int64_t limit = (int64_t{1} << 53) - 1;
  const auto begin = pos_;
  const bool negative = take('-');
  const auto digits = pos_;
  out = 0;
  while (!at_end() && is_digit(text_[pos_])) {
    out = out * 10 + (text_[pos_++] - '0');
    if (out > limit)
      return reject_at(begin, "the number is too large");
  }
  if (pos_ == digits)
    return reject("expected a digit");
  if (text_[digits] == '0' && (pos_ - digits > 1 || negative))
    return reject_at(begin, "an index has no leading zero, and there is no -0");
  out = negative ? -out : out;
  return true;
}

bool text_cursor::number(json& out) {
  const auto begin = pos_;
  auto digits = [this] {
    const auto from = pos_;
    while (!at_end() && is_digit(text_[pos_]))
      ++pos_;
    return pos_ - from;
  };
  take('-');
  const auto whole = pos_;
  const auto count = digits();
  if (count == 0 || (count > 1 && text_[whole] == '0'))
    return reject_at(begin, "expected a number as JSON has it");
  if (take('.') && digits() == 0)
    return reject("expected a digit");
  if (at('e') || at('E')) {
    ++pos_;
    if (!take('-'))
      take('+');
    if (digits() == 0)
      return reject("expected a digit");
  }
  out = json::parse(text_.substr(begin, pos_ - begin), nullptr, false);
  return !out.is_discarded() || reject_at(begin, "the number is too large");
}

std::string_view text_cursor::lower_case_word() {
  const auto begin = pos_;
  if (at_end() || !is_lower(text_[pos_]))
    return {};
  while (!at_end() && (is_lower(text_[pos_]) || is_digit(text_[pos_]) || text_[pos_] == '_'))
    ++pos_;
  return text_.substr(begin, pos_ - begin);
}

bool text_cursor::reject(std::string_view expected) {
  return reject_at(pos_, expected);
}

bool text_cursor::reject_at(size_t position, std::string_view expected) {
  if (!fault_.empty())
    return false;
  const auto column = utf8::length(text_.substr(0, position)) + 1;
  fault_ = "column " + std::to_string(column) + ": " + std::string{expected};
  if (position >= text_.size()) {
    fault_ += "; the query ends here";
  } else {
    auto end = position;
    utf8::next(text_, end);
    fault_ += "; found '" + std::string{text_.substr(position, end - position)} + "'";
  }
  return false;
}

} // namespace troupe::jsonpath_syntax

#include "runtime/expression/i_regexp_reader.hpp"

#include "runtime/expression/unicode_category.hpp"
#include "runtime/expression/utf8.hpp"

namespace troupe {

bool i_regexp_reader::reject(const char* fault) {
  fault_ = fault;
  return false;
}

// After a backslash: one character, or a class merged into `set`.
std::optional<char32_t> i_regexp_reader::escape(char_class& set) {
  if (pos_ >= text_.size()) {
    reject("a backslash must be followed by a character");
    return {};
  }
  const char c = text_[pos_++];
  switch (c) {
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case 'p':
  case 'P':
    category(set, c == 'P');
    return {};
  case 'd':
  case 'D':
    merge(set, {false, {{'0', '9'}}, 0}, c == 'D');
    return {};
  case 's':
  case 'S':
    if (ecma_)
      merge(set, {false, {{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x2028, 0x2029}, {0xFEFF, 0xFEFF}}, 0}, c == 'S');
    else
      merge(set, {false, {{'\t', '\n'}, {'\r', '\r'}, {' ', ' '}}, 0}, c == 'S');
    return {};
  case 'w':
  case 'W':
    merge(set, {false, {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 0}, c == 'W');
    return {};
  default:
    if (std::string_view{"()*+-.?[\\]^{|}$/"}.find(c) != std::string_view::npos)
      return c;
    --pos_;
    return ecma_ ? ecma_escape() : unknown_escape();
  }
}

std::optional<char32_t> i_regexp_reader::unknown_escape() {
  reject("unknown escape");
  return {};
}

std::optional<char32_t> i_regexp_reader::ecma_escape() {
  const char c = text_[pos_++];
  switch (c) {
  case 'f':
    return '\f';
  case 'v':
    return '\v';
  case 'b':
    return '\b';
  case '0':
    return '\0';
  case 'x':
    return hex(2);
  case 'u': {
    auto high = hex(4);
    if (high && *high >= 0xD800 && *high <= 0xDBFF && text_.substr(pos_).starts_with("\\u")) {
      pos_ += 2;
      if (auto low = hex(4))
        return 0x10000 + ((*high - 0xD800) << 10) + (*low & 0x3FF);
    }
    return high;
  }
  default:
    break;
  }
  --pos_;
  if (c >= '1' && c <= '9') {
    reject("back references are not supported");
    return {};
  }
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter ? unknown_escape() : std::optional{utf8::next(text_, pos_)};
}

std::optional<char32_t> i_regexp_reader::hex(int digits) {
  char32_t out = 0;
  for (; digits > 0; --digits, ++pos_) {
    const auto digit = pos_ < text_.size() ? std::string_view{"0123456789abcdef"}.find(
                           static_cast<char>(text_[pos_] >= 'A' && text_[pos_] <= 'F' ? text_[pos_] + 32 : text_[pos_]))
                                           : std::string_view::npos;
    if (digit == std::string_view::npos) {
      reject("expected a hexadecimal digit");
      return {};
    }
    out = out * 16 + static_cast<char32_t>(digit);
  }
  return out;
}

void i_regexp_reader::category(char_class& set, bool negated) {
  const auto end = text_.find('}', pos_);
  if (!at('{') || end == std::string_view::npos) {
    reject("expected a category such as {Lu}");
    return;
  }
  const auto mask = unicode_category_mask(text_.substr(pos_ + 1, end - pos_ - 1));
  if (mask == 0) {
    reject("unknown category");
    return;
  }
  pos_ = end + 1;
  set.categories |= negated ? ~mask : mask;
}

// `part` has sorted ranges that do not touch.
void i_regexp_reader::merge(char_class& set, const char_class& part, bool negated) {
  if (!negated) {
    set.ranges.insert(set.ranges.end(), part.ranges.begin(), part.ranges.end());
    return;
  }
  char32_t next = 0;
  for (auto [low, high] : part.ranges) {
    if (low > next)
      set.ranges.emplace_back(next, low - 1);
    next = high + 1;
  }
  set.ranges.emplace_back(next, 0x10FFFF);
}

bool i_regexp_reader::read_class(char_class& set) {
  if (at('^')) {
    set.negated = true;
    ++pos_;
  }
  for (bool first = true;; first = false) {
    if (pos_ >= text_.size())
      return reject("expected ']'");
    if (at(']') && (!first || ecma_)) {
      ++pos_;
      return true;
    }
    const auto low = class_character(set);
    if (!fault_.empty())
      return false;
    if (!low)
      continue;
    auto high = low;
    if (at('-') && pos_ + 1 < text_.size() && text_[pos_ + 1] != ']') {
      ++pos_;
      high = class_character(set);
      if (!fault_.empty())
        return false;
      if (!high && ecma_) {
        // [a-\d]: the hyphen stands for itself.
        set.ranges.emplace_back('-', '-');
        high = low;
      }
      if (!high || *high < *low)
        return reject("the range is upside down");
    }
    set.ranges.emplace_back(*low, *high);
  }
}

std::optional<char32_t> i_regexp_reader::class_character(char_class& set) {
  if ((at('[') && !ecma_) || at(']')) {
    reject("expected a character; write a backslash before a literal bracket");
    return {};
  }
  const auto c = utf8::next(text_, pos_);
  return c == '\\' ? escape(set) : std::optional{c};
}

} // namespace troupe

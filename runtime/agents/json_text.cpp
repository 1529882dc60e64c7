#include "runtime/agents/json_text.hpp"

#include "runtime/core/json_io.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace troupe {

namespace {

/// Bytes of a text from which on simdjson is faster.
constexpr size_t worth_simd = 256;

/// Length of the UTF-8 sequence at `i`, 0 when there is none (RFC 3629, table in section 4: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
size_t utf8_length(std::string_view s, size_t i) {
  auto at = [&](size_t k) { return k < s.size() ? static_cast<uint8_t>(s[k]) : uint8_t{0}; };
  auto tail = [&](size_t k) { return (at(k) & 0xC0) == 0x80; };
  auto c = at(i);
  if (c < 0x80)
    return 1;
  if (c < 0xC2)
    return 0;
  if (c < 0xE0)
    return tail(i + 1) ? 2 : 0;
  auto second = at(i + 1);
  if (c < 0xF0) {
    if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F))
      return 0;
    return tail(i + 1) && tail(i + 2) ? 3 : 0;
  }
  if (c > 0xF4 || (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F))
    return 0;
  return tail(i + 1) && tail(i + 2) && tail(i + 3) ? 4 : 0;
}

/// One pass over a JSON text. The nesting is a stack of bits (object or array) of fixed size.
class json_scanner {
public:
  json_scanner(std::string_view text, size_t max_depth) : s_{text}, max_depth_{std::min(max_depth, objects_.size())} {}

  std::optional<text_fault> run() {
    auto want_value = true;
    for (;;) {
      skip_space();
      if (want_value) {
        if (!value())
          return fault_;
        // A value that opened a container stays inside of it, unless that was empty.
        want_value = opened_;
        if (opened_)
          continue;
      }
      if (depth_ == 0)
        break;
      skip_space();
      if (peek() == ',') {
        ++i_;
        if (objects_[depth_ - 1] && !key())
          return fault_;
        want_value = true;
      } else if (peek() == (objects_[depth_ - 1] ? '}' : ']')) {
        ++i_;
        --depth_;
      } else {
        return text_fault{i_, objects_[depth_ - 1] ? "expected ',' or '}'" : "expected ',' or ']'"};
      }
    }
    skip_space();
    if (i_ != s_.size())
      return text_fault{i_, "more text after the value"};
    return std::nullopt;
  }

private:
  char peek() const {
    return i_ < s_.size() ? s_[i_] : '\0';
  }

  bool stop(const char* what) {
    fault_ = text_fault{i_, i_ < s_.size() ? what : "the text ends too early"};
    return false;
  }

  void skip_space() {
    while (i_ < s_.size() && (s_[i_] == ' ' || s_[i_] == '\n' || s_[i_] == '\t' || s_[i_] == '\r'))
      ++i_;
  }

  bool value() {
    opened_ = false;
    switch (peek()) {
    case '{':
      return open(true);
    case '[':
      return open(false);
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
    }
  }

  bool open(bool object) {
    if (depth_ == max_depth_) {
      fault_ = text_fault{i_, "nested deeper than " + std::to_string(max_depth_) + " levels"};
      return false;
    }
    ++i_;
    skip_space();
    if (peek() == (object ? '}' : ']')) {
      ++i_;
      return true;
    }
    objects_[depth_++] = object;
    opened_ = true;
    return object ? key() : true;
  }

  bool key() {
    skip_space();
    if (peek() != '"')
      return stop("expected a member's name in double quotes");
    if (!string())
      return false;
    skip_space();
    if (peek() != ':')
      return stop("expected ':'");
    ++i_;
    return true;
  }

  bool string() {
    ++i_;
    while (i_ < s_.size()) {
      auto c = static_cast<uint8_t>(s_[i_]);
      if (c == '"') {
        ++i_;
        return true;
      }
      if (c < 0x20)
        return stop("control character in a string");
      if (c == '\\') {
        if (!escape())
          return false;
      } else if (c < 0x80) {
        ++i_;
      } else if (auto n = utf8_length(s_, i_)) {
        i_ += n;
      } else {
        return stop("invalid UTF-8");
      }
    }
    return stop("");
  }

  bool escape() {
    ++i_;
    if (peek() == 'u') {
      auto unit = hex4();
      if (unit < 0)
        return stop("expected four hexadecimal digits after \\u");
      if (unit >= 0xDC00 && unit <= 0xDFFF)
        return stop("half of a surrogate pair");
      if (unit >= 0xD800 && unit <= 0xDBFF) {
        if (s_.substr(i_, 2) != "\\u")
          return stop("half of a surrogate pair");
        ++i_;
        auto low = hex4();
        if (low < 0xDC00 || low > 0xDFFF)
          return stop("half of a surrogate pair");
      }
      return true;
    }
    if (i_ >= s_.size() || std::string_view{"\"\\/bfnrt"}.find(s_[i_]) == std::string_view::npos)
      return stop("unknown escape");
    ++i_;
    return true;
  }

  /// At the 'u'; returns the code unit and moves behind it, or -1.
  int hex4() {
    int unit = 0;
    for (size_t k = 1; k <= 4; ++k) {
      auto c = i_ + k < s_.size() ? s_[i_ + k] : '\0';
      int digit = c >= '0' && c <= '9'   ? c - '0'
                  : c >= 'a' && c <= 'f' ? c - 'a' + 10
                  : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                         : -1;
      if (digit < 0)
        return -1;
      unit = unit * 16 + digit;
    }
    i_ += 5;
    return unit;
  }

  bool word(std::string_view expected) {
    if (s_.substr(i_, expected.size()) != expected)
      return stop("expected a JSON value");
    i_ += expected.size();
    return true;
  }

  bool digits() {
    auto first = i_;
    while (peek() >= '0' && peek() <= '9')
      ++i_;
    return i_ > first || stop("expected a digit");
  }

  /// Beyond what a double can hold: only an exponent or hundreds of digits get there.
  bool finite(size_t first, bool has_exponent) {
    constexpr size_t most_digits = 308;
    if (!has_exponent && i_ - first <= most_digits)
      return true;
    if (std::isfinite(std::strtod(std::string{s_.substr(first, i_ - first)}.c_str(), nullptr)))
      return true;
    i_ = first;
    return stop("a number is out of range");
  }

  bool number() {
    auto first = i_;
    auto has_exponent = false;
    if (peek() == '-')
      ++i_;
    if (peek() == '0')
      ++i_;
    else if (peek() >= '1' && peek() <= '9')
      digits();
    else
      return stop(i_ == first ? "expected a JSON value" : "expected a digit");
    if (peek() == '.') {
      ++i_;
      if (!digits())
        return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      has_exponent = true;
      ++i_;
      if (peek() == '+' || peek() == '-')
        ++i_;
      if (!digits())
        return false;
    }
    return finite(first, has_exponent);
  }

  std::string_view s_;
  size_t i_ = 0;
  size_t depth_ = 0;
  bool opened_ = false;
  std::array<bool, 1024> objects_ = {};
  size_t max_depth_;
  std::optional<text_fault> fault_;
};

} // namespace

std::optional<text_fault> check_json(std::string_view text, size_t max_depth) {
  if (text.size() >= worth_simd && max_depth >= common_depth && is_common_json(text))
    return std::nullopt;
  return json_scanner{text, max_depth}.run();
}

bool may_be_deeper(std::string_view text, size_t levels) {
  // By memchr, which looks at many bytes at a time.
  size_t opened = 0;
  for (auto bracket : {'[', '{'})
    for (auto i = text.find(bracket); i != std::string_view::npos; i = text.find(bracket, i + 1))
      if (++opened > levels)
        return true;
  return false;
}

bool is_deeper(const json& value, size_t levels) {
  if (!value.is_structured())
    return false;
  if (levels == 0)
    return true;
  for (auto& member : value)
    if (is_deeper(member, levels - 1))
      return true;
  return false;
}

std::optional<text_fault> check_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    auto n = utf8_length(text, i);
    if (n == 0)
      return text_fault{i, "invalid UTF-8"};
    i += n;
  }
  return std::nullopt;
}

result<json> parse_payload(std::string_view text, size_t max_depth) {
  if (text.empty())
    return json{};
  if (auto common = read_common_json(text, max_depth))
    return std::move(*common);
  if (auto fault = check_json(text, max_depth))
    return fail(v1::ERROR_CODE_INVALID_INPUT, "byte " + std::to_string(fault->offset) + ": " + fault->what);
  return json::parse(text);
}

result<std::string> print_payload(const json& value, size_t max_depth) {
  if (is_deeper(value, max_depth))
    return fail(v1::ERROR_CODE_INVALID_OUTPUT, "nested deeper than " + std::to_string(max_depth) + " levels");
  try {
    return print_json(value, json::error_handler_t::strict);
  } catch (const json::type_error& e) {
    return fail(v1::ERROR_CODE_INVALID_OUTPUT, e.what());
  }
}

std::string clean_text(std::string_view text, size_t max_bytes) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    auto n = utf8_length(text, i);
    auto piece = n > 0 ? text.substr(i, n) : std::string_view{"\xEF\xBF\xBD"};
    if (out.size() + piece.size() > max_bytes) {
      out += "…";
      break;
    }
    out += piece;
    i += n > 0 ? n : 1;
  }
  return out;
}

} // namespace troupe

#include "runtime/expression/utf8.hpp"

namespace troupe::utf8 {

namespace {

constexpr char32_t replacement = 0xFFFD;

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

// Length of the well-formed sequence at `pos` and its code point; length 0 when there is none.
size_t decode(std::string_view text, size_t pos, char32_t& out) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[pos + i]); };
  const auto first = byte(0);
  if (first < 0x80) {
    out = first;
    return 1;
  }
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - pos < length)
    return 0;
  out = first & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if (!is_continuation(byte(i)))
      return 0;
    out = (out << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && out < 0x800) || (length == 4 && out < 0x10000);
  const bool surrogate = out >= 0xD800 && out <= 0xDFFF;
  return overlong || surrogate || out > 0x10FFFF ? 0 : length;
}

} // namespace

bool valid(std::string_view text) {
  char32_t ignored = 0;
  for (size_t pos = 0; pos < text.size();) {
    const auto length = decode(text, pos, ignored);
    if (length == 0)
      return false;
    pos += length;
  }
  return true;
}

char32_t next(std::string_view text, size_t& pos) {
  char32_t out = 0;
  if (const auto length = decode(text, pos, out); length > 0) {
    pos += length;
    return out;
  }
  ++pos;
  return replacement;
}

void append(std::string& out, char32_t c) {
  auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

size_t length(std::string_view text) {
  size_t count = 0;
  for (size_t pos = 0; pos < text.size(); ++count)
    next(text, pos);
  return count;
}

} // namespace troupe::utf8

#include "runtime/language/line_index.hpp"

#include <algorithm>

namespace troupe {

line_index::line_index(std::string_view text) : text_{text}, starts_{0} {
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n')
      starts_.push_back(i + 1);
}

source_position line_index::at(size_t offset) {
  offset = std::min(offset, text_.size());
  auto line = static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin() - 1);
  if (line != last_line_ || offset < last_offset_) {
    last_line_ = line;
    last_offset_ = starts_[line];
    last_column_ = 1;
  }
  for (; last_offset_ < offset; ++last_offset_)
    if ((static_cast<unsigned char>(text_[last_offset_]) & 0xC0) != 0x80)
      ++last_column_;
  return {static_cast<int>(line + 1), last_column_};
}

namespace {

/// Bytes of the well-formed sequence at `i` (Unicode 15, table 3-7), 0 when there is none.
size_t sequence_length(std::string_view s, size_t i) {
  auto byte = [&](size_t k) { return i + k < s.size() ? static_cast<unsigned char>(s[i + k]) : 0u; };
  auto in = [](unsigned b, unsigned low, unsigned high) { return b >= low && b <= high; };
  auto tail = [&](size_t k) { return in(byte(k), 0x80, 0xBF); };
  auto b0 = byte(0), b1 = byte(1);
  if (b0 < 0x80)
    return 1;
  if (in(b0, 0xC2, 0xDF))
    return tail(1) ? 2 : 0;
  if (in(b0, 0xE0, 0xEF)) {
    auto second = b0 == 0xE0 ? in(b1, 0xA0, 0xBF) : b0 == 0xED ? in(b1, 0x80, 0x9F) : in(b1, 0x80, 0xBF);
    return second && tail(2) ? 3 : 0;
  }
  if (in(b0, 0xF0, 0xF4)) {
    auto second = b0 == 0xF0 ? in(b1, 0x90, 0xBF) : b0 == 0xF4 ? in(b1, 0x80, 0x8F) : in(b1, 0x80, 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

} // namespace

size_t find_invalid_text(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
      return i;
    auto n = sequence_length(text, i);
    if (n == 0)
      return i;
    i += n;
  }
  return std::string_view::npos;
}

} // namespace troupe

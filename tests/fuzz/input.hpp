#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::fuzz {

/// Ends the process, naming the law, unless it held.
void require(bool held, const char* law);

/// What stands between two bytes 0x1e is repeated until the whole has about 128 KiB: so that a few bytes find what
/// costs more than its length.
inline std::string unfold(std::string_view data) {
  constexpr char mark = 0x1e;
  constexpr size_t goal = size_t{128} << 10;
  const auto first = data.find(mark);
  const auto second = first == std::string_view::npos ? first : data.find(mark, first + 1);
  if (second == std::string_view::npos || second == first + 1)
    return std::string{data};
  const auto piece = data.substr(first + 1, second - first - 1);
  std::string out{data.substr(0, first)};
  while (out.size() < goal)
    out += piece;
  out += data.substr(second + 1);
  return out;
}

/// What stands before the first empty line, and what after it.
inline std::pair<std::string_view, std::string_view> halves(std::string_view data) {
  const auto cut = data.find("\n\n");
  if (cut == std::string_view::npos)
    return {data, {}};
  return {data.substr(0, cut), data.substr(cut + 2)};
}

/// Decisions out of bytes; zeros once they are used up.
class decisions {
public:
  explicit decisions(std::string_view data) : data_{data} {}

  bool empty() const {
    return data_.empty();
  }

  uint8_t byte() {
    if (data_.empty())
      return 0;
    const auto out = static_cast<uint8_t>(data_.front());
    data_.remove_prefix(1);
    return out;
  }

  size_t below(size_t bound) {
    return byte() % bound;
  }

  std::string_view take(size_t most) {
    const auto out = data_.substr(0, most);
    data_.remove_prefix(out.size());
    return out;
  }

private:
  std::string_view data_;
};

/// Calls `take` with `data` in pieces whose lengths depend on `seed`, as a socket would give it.
template <class Take>
void in_pieces(std::string_view data, uint8_t seed, Take&& take) {
  uint32_t state = seed * 2654435761U + 1;
  // What is long by repetition needs no pieces of single bytes.
  const size_t least = data.size() > 4'096 ? 256 : 1;
  while (!data.empty()) {
    state = state * 1664525U + 1013904223U;
    const size_t most = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 1 + (state >> 24) % 16 : 1 + (state >> 16) % 4096;
    const auto piece = data.substr(0, std::max(least, most));
    data.remove_prefix(piece.size());
    take(piece);
  }
}

} // namespace troupe::fuzz

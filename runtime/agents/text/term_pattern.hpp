#pragma once

#include "runtime/agents/text/words.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::text {

/// A word or a phrase to look for, by stems; "disclaim*" takes every word that begins so.
class term {
public:
  explicit term(std::string_view text);

  bool empty() const {
    return stems_.empty();
  }

  size_t words() const {
    return stems_.size();
  }

  const std::vector<std::string>& stems() const {
    return stems_;
  }

  /// It stands at that position of the text.
  bool at(const std::vector<word>& words, size_t position) const;

  /// All positions where it stands, within [from, to).
  std::vector<size_t> positions(const std::vector<word>& words, size_t from, size_t to) const;

private:
  std::vector<std::string> stems_;
  bool prefix_ = false;
};

/// Terms that say something only together.
using term_group = std::vector<term>;

/// The words [first, last] of a text in which all terms of a group stand.
struct window {
  size_t first;
  size_t last;

  size_t width() const {
    return last - first + 1;
  }
};

/// The narrowest windows of at most `limit` words that hold the whole group, none overlapping another, in order.
std::vector<window> windows_of(const term_group& group, const std::vector<word>& words, size_t from, size_t to,
                               size_t limit);

} // namespace troupe::text

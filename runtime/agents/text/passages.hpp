#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::text {

/// Lines from 1, columns from 1 in code points.
struct place {
  size_t line = 1;
  size_t column = 1;
};

/// Where the lines of a text begin.
class line_index {
public:
  explicit line_index(std::string_view text);

  place at(size_t offset) const;

  /// The text of a line without its end.
  std::string_view line(size_t number) const;

  size_t count() const {
    return begins_.size();
  }

private:
  std::string_view text_;
  std::vector<size_t> begins_;
};

/// A stretch of a text, as byte range.
struct passage {
  size_t begin = 0;
  size_t end = 0;

  std::string_view in(std::string_view text) const {
    return text.substr(begin, end - begin);
  }
};

/// Runs of lines that are not blank.
std::vector<passage> paragraphs_of(std::string_view text);

/// Sentences, which never reach over a blank line. A new item of a list ("(a) …", "2. …", "* …") begins a sentence;
/// abbreviations ("e.g.", "v. 2", "U.S.") end none. Nothing but white space is left out between them.
std::vector<passage> sentences_of(std::string_view text);

/// As a quotation: runs of white space, line ends included, become one space each.
std::string collapsed(std::string_view text);

} // namespace troupe::text

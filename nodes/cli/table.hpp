#pragma once

#include <string>
#include <vector>

namespace troupe::cli {

/// Columns of text, as wide as their widest cell, with two blanks between them.
class table {
public:
  enum class align { left, right };

  /// A heading that starts with '>' makes its column a right-aligned one.
  explicit table(std::vector<std::string> headings);

  /// Cells are made printable; missing ones are empty.
  void add(std::vector<std::string> cells);

  bool empty() const {
    return rows_.empty();
  }

  /// Lines, each with its newline and without blanks at its end.
  std::string to_string() const;

private:
  std::vector<std::string> headings_;
  std::vector<align> alignment_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace troupe::cli

#pragma once

#include <string>
#include <vector>

namespace troupe {

/// Columns of plain text, as wide as their widest cell, two blanks between them. Cells are cut to `widest` characters
/// and made printable: they may come from agents. Widths count code points.
class text_table {
public:
  static constexpr size_t widest = 48;

  /// A heading that starts with '>' makes its column a right-aligned one.
  explicit text_table(std::vector<std::string> headings);

  /// Missing cells are empty.
  void add(std::vector<std::string> cells);

  /// Lines, each with its newline, `indent` blanks in front and none at the end.
  std::string to_string(size_t indent = 2) const;

private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> right_;
};

/// Control characters become blanks, and the text ends with "…" where it was cut.
std::string printable(const std::string& text, size_t most);

} // namespace troupe

#include "nodes/cli/table.hpp"

#include "nodes/cli/format.hpp"

#include <algorithm>
#include <utility>

namespace troupe::cli {

table::table(std::vector<std::string> headings) : headings_(std::move(headings)) {
  for (auto& heading : headings_) {
    auto right = heading.starts_with('>');
    alignment_.push_back(right ? align::right : align::left);
    if (right)
      heading.erase(0, 1);
  }
}

void table::add(std::vector<std::string> cells) {
  cells.resize(headings_.size());
  for (auto& cell : cells)
    cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string table::to_string() const {
  std::vector<size_t> widths;
  for (size_t column = 0; column < headings_.size(); ++column) {
    auto width = display_width(headings_[column]);
    for (const auto& row : rows_)
      width = std::max(width, display_width(row[column]));
    widths.push_back(width);
  }
  std::string out;
  auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t column = 0; column < cells.size(); ++column) {
      if (column > 0)
        line += "  ";
      std::string padding(widths[column] - display_width(cells[column]), ' ');
      line += alignment_[column] == align::right ? padding + cells[column] : cells[column] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add_line(headings_);
  for (const auto& row : rows_)
    add_line(row);
  return out;
}

} // namespace troupe::cli

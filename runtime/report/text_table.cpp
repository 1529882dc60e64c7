#include "runtime/report/text_table.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

bool continues_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

size_t width(const std::string& x) {
  return static_cast<size_t>(std::count_if(x.begin(), x.end(), [](char c) { return !continues_code_point(c); }));
}

} // namespace

std::string printable(const std::string& text, size_t most) {
  std::string out;
  size_t count = 0;
  for (auto c : text) {
    if (!continues_code_point(c) && ++count > most) {
      while (!out.empty() && continues_code_point(out.back()))
        out.pop_back();
      if (!out.empty())
        out.pop_back();
      return out + "…";
    }
    auto control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    out += control ? ' ' : c;
  }
  return out;
}

text_table::text_table(std::vector<std::string> headings) {
  for (auto& x : headings) {
    right_.push_back(!x.empty() && x.front() == '>');
    if (right_.back())
      x.erase(0, 1);
  }
  rows_.push_back(std::move(headings));
}

void text_table::add(std::vector<std::string> cells) {
  cells.resize(right_.size());
  for (auto& x : cells)
    x = printable(x, widest);
  rows_.push_back(std::move(cells));
}

std::string text_table::to_string(size_t indent) const {
  std::vector<size_t> widths(right_.size());
  for (auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  std::string out;
  for (auto& row : rows_) {
    std::string line(indent, ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      std::string blanks(widths[i] - width(row[i]), ' ');
      line += (i > 0 ? "  " : "") + (right_[i] ? blanks + row[i] : row[i] + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

} // namespace troupe

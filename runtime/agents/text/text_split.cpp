#include "runtime/agents/text/text_split.hpp"

#include "runtime/agents/text/passages.hpp"
#include "runtime/agents/text/text_input.hpp"

#include <algorithm>

namespace troupe::text {

namespace {

constexpr size_t longest_heading = 80;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

bool in_capitals(std::string_view line) {
  size_t capitals = 0;
  for (char c : line) {
    if (c >= 'a' && c <= 'z')
      return false;
    capitals += c >= 'A' && c <= 'Z' ? 1 : 0;
  }
  return capitals >= 4;
}

// "2. Grant", "2.1 Grant", "Section 3 -"
bool is_numbered(std::string_view line) {
  const auto digits = static_cast<size_t>(std::find_if_not(line.begin(), line.end(), is_digit) - line.begin());
  return digits > 0 && digits <= 3 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')')
         && line.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos;
}

// The title that a paragraph begins with; empty when it has none.
std::string heading_of(std::string_view paragraph) {
  auto line = collapsed(first_line(paragraph));
  if (line.empty() || line.size() > longest_heading)
    return {};
  const bool alone = paragraph.find('\n') == std::string_view::npos;
  if (line.front() == '#') {
    const auto begin = line.find_first_not_of("# ");
    return begin == std::string::npos ? std::string{} : line.substr(begin);
  }
  return (alone && (in_capitals(line) || is_numbered(line))) ? line : std::string{};
}

struct chunk {
  passage where;
  std::string heading;
};

class cutter {
public:
  cutter(std::string_view text, size_t limit, bool join) : text_{text}, limit_{limit}, join_{join} {}

  std::vector<chunk> run() {
    for (const auto& paragraph : paragraphs_of(text_)) {
      auto title = heading_of(paragraph.in(text_));
      const bool opens = !title.empty();
      if (opens)
        heading_ = std::move(title);
      if (!opens && join_ && !out_.empty() && out_.back().heading == heading_
          && paragraph.end - out_.back().where.begin <= limit_)
        out_.back().where.end = paragraph.end;
      else
        put(paragraph);
    }
    return std::move(out_);
  }

private:
  void put(passage x) {
    while (x.end - x.begin > limit_) {
      auto cut = text_.rfind('\n', x.begin + limit_);
      if (cut == std::string_view::npos || cut <= x.begin)
        cut = std::min(text_.find('\n', x.begin + limit_), x.end);
      if (cut >= x.end)
        break;
      out_.push_back({{x.begin, cut}, heading_});
      x.begin = cut + 1;
    }
    if (x.end > x.begin)
      out_.push_back({x, heading_});
  }

  std::string_view text_;
  size_t limit_;
  bool join_;
  std::string heading_;
  std::vector<chunk> out_;
};

} // namespace

result<json> split(const json& input) {
  const auto source = document_of(input);
  if (!source)
    return tl::unexpected{source.error()};
  const auto by = optional_text(input, "by", "headings");
  if (!by)
    return tl::unexpected{by.error()};
  if (*by != "headings" && *by != "paragraphs")
    return fail(v1::ERROR_CODE_INVALID_INPUT, "by: expected \"headings\" or \"paragraphs\", found \"" + *by + "\"");
  const auto limit = optional_integer(input, "max_chars", 4000, 200, 100'000);
  if (!limit)
    return tl::unexpected{limit.error()};

  const line_index lines{source->text};
  auto chunks = json::array();
  for (const auto& x : cutter{source->text, static_cast<size_t>(*limit), *by == "headings"}.run())
    chunks.push_back({{"index", chunks.size()},
                      {"heading", x.heading},
                      {"first_line", lines.at(x.where.begin).line},
                      {"last_line", lines.at(x.where.end - 1).line},
                      {"text", std::string{x.where.in(source->text)}}});
  return json{{"document", source->name}, {"chunks", std::move(chunks)}};
}

} // namespace troupe::text

#include "runtime/agents/text/passages.hpp"

#include "runtime/agents/text/words.hpp"
#include "runtime/expression/utf8.hpp"

#include <algorithm>
#include <array>

namespace troupe::text {

namespace {

// A sentence longer than this is cut at the next white space, so that one quotation stays readable.
constexpr size_t sentence_limit = 2000;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_blank(std::string_view line) {
  return std::all_of(line.begin(), line.end(), is_space);
}

size_t skip_space(std::string_view text, size_t i) {
  while (i < text.size() && is_space(text[i]))
    ++i;
  return i;
}

// "1.", "(a)", "a)", "iv.", "*", "-", "•" at the begin of a line, followed by a space.
bool begins_item(std::string_view text, size_t i) {
  if (i >= text.size())
    return false;
  if (text.substr(i).starts_with("* ") || text.substr(i).starts_with("- ") || text.substr(i).starts_with("• "))
    return true;
  const bool open = text[i] == '(';
  auto end = i + (open ? 1 : 0);
  const auto begin = end;
  while (end < text.size() && end - begin < 4 && (is_digit(text[end]) || is_letter(text[end])))
    ++end;
  if (end == begin || end + 1 >= text.size() || !is_space(text[end + 1]))
    return false;
  const auto label = text.substr(begin, end - begin);
  const bool number = std::all_of(label.begin(), label.end(), is_digit);
  const bool numeral = label.find_first_not_of("ivxIVX") == std::string_view::npos;
  if (text[end] == ')')
    return number || numeral || label.size() == 1;
  return !open && text[end] == '.' && (number || label.size() == 1);
}

// The word before the full stop is one that is written with it.
bool is_abbreviation(std::string_view text, size_t stop) {
  auto begin = stop;
  while (begin > 0 && (is_letter(text[begin - 1]) || text[begin - 1] == '.'))
    --begin;
  const auto word = lower_case(text.substr(begin, stop - begin));
  static constexpr std::array<std::string_view, 18> known{"e.g", "i.e",  "etc", "vs",  "cf", "no", "nos", "inc", "ltd",
                                                          "co",  "corp", "mr",  "mrs", "dr", "st", "art", "sec", "u.s"};
  return word.size() == 1 || std::find(known.begin(), known.end(), word) != known.end();
}

// A full stop, with its closing quotes and brackets, at `i`: where the sentence ends, or 0.
size_t end_of_sentence(std::string_view text, size_t i) {
  if (text[i] != '.' && text[i] != '!' && text[i] != '?')
    return 0;
  auto end = i + 1;
  while (end < text.size() && std::string_view{".!?\"')]"}.find(text[end]) != std::string_view::npos)
    ++end;
  if (end < text.size() && !is_space(text[end]))
    return 0;
  if (text[i] == '.' && is_abbreviation(text, i))
    return 0;
  const auto next = skip_space(text, end);
  // What goes on in lower case is the same sentence.
  return next < text.size() && text[next] >= 'a' && text[next] <= 'z' && !begins_item(text, next) ? 0 : end;
}

class splitter {
public:
  explicit splitter(std::string_view text) : text_{text} {}

  std::vector<passage> run() {
    for (const auto& paragraph : paragraphs_of(text_))
      split(paragraph);
    return std::move(out_);
  }

private:
  void split(const passage& paragraph) {
    const auto text = text_.substr(0, paragraph.end);
    begin_ = skip_space(text, paragraph.begin);
    auto body = begin_;
    // The stop of "1." at the begin ends nothing.
    auto after_label = [&](size_t i) { return begins_item(text, i) ? i + text.substr(i).find_first_of(".) ") + 1 : i; };
    body = after_label(begin_);
    for (auto i = body; i < text.size();) {
      if (text[i] == '\n') {
        if (const auto next = skip_space(text, i); begins_item(text, next)) {
          put(i);
          begin_ = next;
          i = after_label(next);
          continue;
        }
      }
      const auto end = end_of_sentence(text, i);
      const bool too_long = i - begin_ > sentence_limit && is_space(text[i]);
      if (end == 0 && !too_long) {
        ++i;
        continue;
      }
      put(end == 0 ? i : end);
      begin_ = skip_space(text, end == 0 ? i : end);
      i = after_label(begin_);
    }
    put(text.size());
  }

  void put(size_t end) {
    while (end > begin_ && is_space(text_[end - 1]))
      --end;
    if (end > begin_)
      out_.push_back({begin_, end});
    begin_ = end;
  }

  std::string_view text_;
  size_t begin_ = 0;
  std::vector<passage> out_;
};

} // namespace

line_index::line_index(std::string_view text) : text_{text}, begins_{0} {
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' && i + 1 < text.size())
      begins_.push_back(i + 1);
}

place line_index::at(size_t offset) const {
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), offset);
  const auto number = static_cast<size_t>(after - begins_.begin());
  const auto begin = begins_[number - 1];
  return {number, utf8::length(text_.substr(begin, offset - begin)) + 1};
}

std::string_view line_index::line(size_t number) const {
  if (number == 0 || number > begins_.size())
    return {};
  const auto begin = begins_[number - 1];
  auto line = text_.substr(begin, std::min(text_.find('\n', begin), text_.size()) - begin);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

std::vector<passage> paragraphs_of(std::string_view text) {
  std::vector<passage> out;
  bool inside = false;
  for (size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    if (is_blank(text.substr(begin, end - begin))) {
      inside = false;
    } else if (inside) {
      out.back().end = end;
    } else {
      out.push_back({begin, end});
      inside = true;
    }
    begin = end;
  }
  for (auto& x : out)
    while (x.end > x.begin && is_space(text[x.end - 1]))
      --x.end;
  return out;
}

std::vector<passage> sentences_of(std::string_view text) {
  return splitter{text}.run();
}

std::string collapsed(std::string_view text) {
  std::string out;
  for (size_t i = skip_space(text, 0); i < text.size();) {
    if (!is_space(text[i])) {
      out.push_back(text[i++]);
      continue;
    }
    i = skip_space(text, i);
    if (i < text.size())
      out.push_back(' ');
  }
  return out;
}

} // namespace troupe::text

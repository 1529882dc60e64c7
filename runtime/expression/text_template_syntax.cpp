#include "runtime/expression/text_template_syntax.hpp"

#include <algorithm>
#include <utility>

namespace troupe::text_template_syntax {

namespace {

constexpr size_t template_depth_limit = 64;

struct tag {
  /// What stands after the opening braces: '#', '^', '/', '!', '=', '>', '&', '{', or ' ' for a plain variable.
  char sigil = ' ';
  std::string_view content;
  size_t begin = 0;
  size_t end = 0;
};

std::string_view trimmed(std::string_view x) {
  const auto first = x.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return x.substr(first, x.find_last_not_of(" \t\r\n") - first + 1);
}

bool blank(std::string_view x) {
  return x.find_first_not_of(" \t\r") == std::string_view::npos;
}

class parser {
public:
  explicit parser(std::string_view text) : text_{text} {
    open_.push_back({});
  }

  result<std::vector<node>> run() {
    for (;;) {
      tag next;
      if (!find(next)) {
        if (!fault_.empty())
          return fail(v1::ERROR_CODE_INVALID_INPUT, fault_);
        break;
      }
      const auto [from, to] = extent(next);
      put_text(text_.substr(pos_, from - pos_));
      pos_ = to;
      last_tag_end_ = next.end;
      if (!apply(next))
        return fail(v1::ERROR_CODE_INVALID_INPUT, fault_);
    }
    put_text(text_.substr(pos_));
    if (open_.size() > 1) {
      reject(open_.back().begin, "the section {{#" + open_.back().name + "}} is never closed");
      return fail(v1::ERROR_CODE_INVALID_INPUT, fault_);
    }
    return std::move(open_.back().nodes);
  }

private:
  struct level {
    std::string name;
    node::kind what = node::kind::section;
    size_t begin = 0;
    std::vector<node> nodes;
  };

  bool reject(size_t at, const std::string& fault) {
    const auto before = text_.substr(0, at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto newline = before.rfind('\n');
    const auto column = newline == std::string_view::npos ? at + 1 : at - newline;
    fault_ = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + fault;
    return false;
  }

  bool find(tag& out) {
    out.begin = text_.find(opening_, std::max(pos_, last_tag_end_));
    if (out.begin == std::string_view::npos)
      return false;
    auto inner = out.begin + opening_.size();
    std::string closing = closing_;
    if (inner < text_.size() && std::string_view{"#^/!=>&{"}.find(text_[inner]) != std::string_view::npos) {
      out.sigil = text_[inner++];
      if (out.sigil == '{')
        closing = "}" + closing_;
      else if (out.sigil == '=')
        closing = "=" + closing_;
    }
    const auto end = text_.find(closing, inner);
    if (end == std::string_view::npos)
      return reject(out.begin, "the tag is never closed; expected \"" + closing + "\"");
    out.content = trimmed(text_.substr(inner, end - inner));
    out.end = end + closing.size();
    return true;
  }

  // What disappears from the text: the tag, or its whole line when it is alone there and prints nothing.
  std::pair<size_t, size_t> extent(const tag& x) const {
    if (x.sigil == ' ' || x.sigil == '{' || x.sigil == '&')
      return {x.begin, x.end};
    // Looks no further than to the tag before and to the first word after: a text has one line and many tags.
    const auto before = text_.substr(last_tag_end_, x.begin - last_tag_end_);
    const auto newline = before.rfind('\n');
    if (newline == std::string_view::npos && last_tag_end_ > 0)
      return {x.begin, x.end};
    const auto line = newline == std::string_view::npos ? 0 : last_tag_end_ + newline + 1;
    const auto next = std::min(text_.find_first_not_of(" \t\r", x.end), text_.size());
    if (!blank(text_.substr(line, x.begin - line)) || (next < text_.size() && text_[next] != '\n'))
      return {x.begin, x.end};
    return {line, std::min(next + 1, text_.size())};
  }

  void put_text(std::string_view x) {
    if (!x.empty())
      open_.back().nodes.push_back({node::kind::text, std::string{x}, {}, {}});
  }

  bool apply(const tag& x) {
    switch (x.sigil) {
    case '!':
      return true;
    case '=':
      return delimiters(x);
    case '>':
      return reject(x.begin, "there are no partials here; write the text in place");
    case '/':
      return close(x);
    default:
      break;
    }
    node next;
    if (!path(x, next.path))
      return false;
    if (x.sigil != '#' && x.sigil != '^') {
      next.what = node::kind::variable;
      open_.back().nodes.push_back(std::move(next));
      return true;
    }
    if (open_.size() > template_depth_limit)
      return reject(x.begin, "sections are nested deeper than 64 levels");
    open_.push_back({std::string{x.content}, x.sigil == '#' ? node::kind::section : node::kind::inverted, x.begin, {}});
    return true;
  }

  bool close(const tag& x) {
    if (open_.size() == 1)
      return reject(x.begin, "{{/" + std::string{x.content} + "}} closes nothing");
    auto done = std::move(open_.back());
    if (done.name != x.content)
      return reject(x.begin, "expected {{/" + done.name + "}}, found {{/" + std::string{x.content} + "}}");
    open_.pop_back();
    node section;
    section.what = done.what;
    section.children = std::move(done.nodes);
    path({'#', x.content, x.begin, x.end}, section.path);
    open_.back().nodes.push_back(std::move(section));
    return true;
  }

  bool path(const tag& x, std::vector<std::string>& out) {
    if (x.content == ".")
      return true;
    for (size_t begin = 0;;) {
      const auto end = std::min(x.content.find('.', begin), x.content.size());
      const auto name = x.content.substr(begin, end - begin);
      if (name.empty() || name.find_first_of(" \t\r\n") != std::string_view::npos)
        return reject(x.begin, "expected a name such as {{goal}} or {{plan.title}}");
      out.emplace_back(name);
      if (end == x.content.size())
        return true;
      begin = end + 1;
    }
  }

  bool delimiters(const tag& x) {
    const auto space = x.content.find_first_of(" \t");
    const auto opening = x.content.substr(0, space);
    const auto closing = space == std::string_view::npos ? std::string_view{} : trimmed(x.content.substr(space));
    if (opening.empty() || closing.empty() || closing.find_first_of(" \t=") != std::string_view::npos)
      return reject(x.begin, "expected two delimiters, such as {{=<% %>=}}");
    opening_ = opening;
    closing_ = closing;
    return true;
  }

  std::string_view text_;
  size_t pos_ = 0;
  size_t last_tag_end_ = 0;
  std::string opening_ = "{{";
  std::string closing_ = "}}";
  std::vector<level> open_;
  std::string fault_;
};

} // namespace

result<std::vector<node>> parse(std::string_view text) {
  return parser{text}.run();
}

} // namespace troupe::text_template_syntax

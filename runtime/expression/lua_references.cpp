#include "runtime/expression/lua_references.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace troupe {

namespace {

struct token {
  enum class kind { name, keyword, string, number, symbol, end };
  kind what = kind::end;
  /// The word, the content of a string, or the symbol.
  std::string text;
  size_t line = 1;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_keyword(std::string_view word) {
  static constexpr std::array<std::string_view, 22> all{
      "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
      "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};
  return one_of(word, all);
}

bool is_library(std::string_view word) {
  static constexpr std::array<std::string_view, 21> all{
      "array",  "assert", "error",  "ipairs", "math",     "next",     "null", "pairs", "pcall",  "rawequal", "rawget",
      "rawlen", "select", "string", "table",  "tonumber", "tostring", "type", "utf8",  "xpcall", "_VERSION"};
  return one_of(word, all);
}

// Splits a chunk that may be anything; what is no Lua is found by Lua's own compiler.
class tokenizer {
public:
  explicit tokenizer(std::string_view text) : text_{text} {}

  std::vector<token> run() {
    std::vector<token> out;
    for (;;) {
      skip();
      if (pos_ >= text_.size()) {
        out.push_back({token::kind::end, {}, line_});
        return out;
      }
      out.push_back(one());
    }
  }

private:
  char peek(size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }

  void advance() {
    line_ += text_[pos_] == '\n' ? 1 : 0;
    ++pos_;
  }

  void skip() {
    while (pos_ < text_.size()) {
      if (peek() == '-' && peek(1) == '-') {
        pos_ += 2;
        std::string ignored;
        if (peek() == '[' && long_bracket(ignored))
          continue;
        while (pos_ < text_.size() && peek() != '\n')
          ++pos_;
      } else if (static_cast<unsigned char>(peek()) <= ' ') {
        advance();
      } else {
        return;
      }
    }
  }

  // [[…]], [=[…]=], …; stays where it is when there is none.
  bool long_bracket(std::string& out) {
    size_t level = 1;
    while (peek(level) == '=')
      ++level;
    if (peek(level) != '[')
      return false;
    const auto close = "]" + std::string(level - 1, '=') + "]";
    const auto begin = pos_ + level + 1;
    const auto end = std::min(text_.find(close, begin), text_.size());
    out = text_.substr(begin, end - begin);
    while (pos_ < std::min(end + close.size(), text_.size()))
      advance();
    return true;
  }

  token one() {
    token out{token::kind::symbol, {}, line_};
    const char c = peek();
    if (is_letter(c)) {
      while (is_letter(peek()) || is_digit(peek()))
        out.text.push_back(text_[pos_++]);
      out.what = is_keyword(out.text) ? token::kind::keyword : token::kind::name;
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      out.what = token::kind::number;
      number();
    } else if (c == '"' || c == '\'') {
      out.what = token::kind::string;
      quoted(c, out.text);
    } else if (c == '[' && long_bracket(out.text)) {
      out.what = token::kind::string;
    } else {
      static constexpr std::array<std::string_view, 11> long_symbols{
          "...", "..", "==", "~=", "<=", ">=", "::", "//", "<<", ">>", "->"};
      out.text = std::string(1, c);
      for (auto symbol : long_symbols) {
        if (text_.substr(pos_).starts_with(symbol)) {
          out.text = symbol;
          break;
        }
      }
      pos_ += out.text.size();
    }
    return out;
  }

  void number() {
    while (is_digit(peek()) || is_letter(peek()) || peek() == '.') {
      const bool exponent = std::string_view{"eEpP"}.find(peek()) != std::string_view::npos;
      ++pos_;
      if (exponent && (peek() == '+' || peek() == '-'))
        ++pos_;
    }
  }

  void quoted(char quote, std::string& out) {
    advance();
    while (pos_ < text_.size() && peek() != quote && peek() != '\n') {
      // Ids have no characters that need an escape, so the letter after it is as good as its meaning.
      if (peek() == '\\')
        advance();
      if (pos_ < text_.size()) {
        out.push_back(peek());
        advance();
      }
    }
    if (pos_ < text_.size())
      advance();
  }

  std::string_view text_;
  size_t pos_ = 0;
  size_t line_ = 1;
};

class reader {
public:
  explicit reader(std::vector<token> tokens) : tokens_{std::move(tokens)} {}

  lua_reads run() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const auto& t = tokens_[i];
      out_.returns = out_.returns || (t.what == token::kind::keyword && t.text == "return");
      out_.environment = out_.environment || (t.what == token::kind::name && t.text == "_ENV");
      track_brackets(t);
      declare(i);
      if (t.what == token::kind::name && !is_field(i) && declarations_.count(i) == 0)
        use(i);
    }
    return std::move(out_);
  }

private:
  const token& at(size_t i) const {
    return tokens_[std::min(i, tokens_.size() - 1)];
  }

  bool symbol(size_t i, std::string_view text) const {
    return at(i).what == token::kind::symbol && at(i).text == text;
  }

  void track_brackets(const token& t) {
    if (t.what != token::kind::symbol)
      return;
    if (t.text == "{" || t.text == "(" || t.text == "[")
      open_.push_back(t.text.front());
    else if ((t.text == "}" || t.text == ")" || t.text == "]") && !open_.empty())
      open_.pop_back();
  }

  bool is_field(size_t i) const {
    if (i > 0 && (symbol(i - 1, ".") || symbol(i - 1, ":")))
      return true;
    if (i > 0 && (symbol(i - 1, "::") || (at(i - 1).what == token::kind::keyword && at(i - 1).text == "goto")))
      return true;
    const bool begins_entry = i > 0 && (symbol(i - 1, "{") || symbol(i - 1, ",") || symbol(i - 1, ";"));
    return begins_entry && !open_.empty() && open_.back() == '{' && symbol(i + 1, "=");
  }

  // Names of `local`, `for` and parameters are no globals from the next line or statement on; `local input = input`
  // still reads the global.
  void declare(size_t i) {
    const auto& t = at(i);
    const bool boundary = t.line > pending_line_ || t.what == token::kind::keyword || symbol(i, ";");
    if (boundary && !pending_.empty()) {
      declared_.insert(pending_.begin(), pending_.end());
      pending_.clear();
    }
    if (t.what != token::kind::keyword)
      return;
    size_t first = i + 1;
    if (t.text == "function") {
      if (at(first).what == token::kind::name && i > 0 && at(i - 1).text == "local")
        add_declaration(first);
      while (first < tokens_.size() && !symbol(first, "("))
        ++first;
      ++first;
    } else if (t.text != "local" && t.text != "for") {
      return;
    }
    pending_line_ = t.line;
    for (; at(first).what == token::kind::name; ++first) {
      add_declaration(first);
      // `<const>` and `<close>`
      if (symbol(first + 1, "<")) {
        declarations_.insert(first + 2);
        first += 3;
      }
      if (!symbol(first + 1, ","))
        break;
      ++first;
    }
  }

  void add_declaration(size_t i) {
    pending_.insert(at(i).text);
    declarations_.insert(i);
  }

  void use(size_t i) {
    const auto& name = at(i).text;
    if (name == "steps" || name == "results") {
      auto& ids = name == "steps" ? out_.steps : out_.results;
      auto& all = name == "steps" ? out_.all_steps : out_.all_results;
      if (symbol(i + 1, ".") && at(i + 2).what == token::kind::name)
        ids.insert(at(i + 2).text);
      else if (symbol(i + 1, "[") && at(i + 2).what == token::kind::string && symbol(i + 3, "]"))
        ids.insert(at(i + 2).text);
      else
        all = true;
    } else if (!is_library(name) && declared_.count(name) == 0) {
      out_.members.insert(name);
    }
  }

  std::vector<token> tokens_;
  std::vector<char> open_;
  std::set<std::string> pending_;
  size_t pending_line_ = SIZE_MAX;
  std::set<std::string> declared_;
  /// Positions of names that are declared there, not read.
  std::set<size_t> declarations_;
  lua_reads out_;
};

} // namespace

references lua_reads::all() const {
  references out;
  out.steps = steps;
  out.steps.insert(results.begin(), results.end());
  out.all_steps = all_steps || all_results;
  out.members = members;
  return out;
}

lua_reads read_lua_references(std::string_view text) {
  return reader{tokenizer{text}.run()}.run();
}

} // namespace troupe

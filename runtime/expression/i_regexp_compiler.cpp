#include "runtime/expression/i_regexp.hpp"
#include "runtime/expression/i_regexp_reader.hpp"
#include "runtime/expression/utf8.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace troupe {

namespace {

using instruction = i_regexp::instruction;
using op = instruction::op;
using char_class = i_regexp::char_class;

constexpr size_t pattern_limit = 1024;
constexpr size_t code_limit = 4096;
constexpr int regexp_depth_limit = 64;

// Recursive descent; each function appends the code of what it has read. Targets are relative to the begin of the
// code, which repetitions copy and shift.
class compiler : private i_regexp_reader {
public:
  compiler(std::string_view text, i_regexp::dialect as) : i_regexp_reader{text, as} {}

  result<i_regexp::program> run() {
    if (!alternatives(0))
      return fail(v1::ERROR_CODE_INVALID_INPUT, "column " + std::to_string(pos_ + 1) + ": " + fault_);
    if (pos_ < text_.size())
      return fail(v1::ERROR_CODE_INVALID_INPUT, "column " + std::to_string(pos_ + 1) + ": ')' closes nothing");
    code_.push_back({op::accept});
    return i_regexp::program{std::move(code_), std::move(classes_)};
  }

private:
  uint32_t here() const {
    return static_cast<uint32_t>(code_.size());
  }

  bool alternatives(int depth) {
    if (depth > regexp_depth_limit)
      return reject("groups are nested too deeply");
    std::vector<uint32_t> ends;
    auto begin = here();
    for (;;) {
      if (!branch(depth))
        return false;
      if (!at('|'))
        break;
      ++pos_;
      insert(begin, {op::split, 0, begin + 1, here() + 2});
      ends.push_back(here());
      code_.push_back({op::jump});
      begin = here();
    }
    for (auto i : ends)
      code_[i].x = here();
    return true;
  }

  bool branch(int depth) {
    while (pos_ < text_.size() && !at('|') && !at(')')) {
      const auto begin = here();
      if (!atom(depth) || !quantifier(begin))
        return false;
      if (code_.size() > code_limit)
        return reject("the pattern is too large once its repetitions are unrolled");
    }
    return true;
  }

  bool atom(int depth) {
    const auto c = utf8::next(text_, pos_);
    switch (c) {
    case '(':
      if (ecma_ && at('?') && !plain_group())
        return false;
      if (!alternatives(depth + 1))
        return false;
      if (!at(')'))
        return reject("expected ')'");
      ++pos_;
      return true;
    case '[': {
      char_class set;
      if (!read_class(set))
        return false;
      emit(std::move(set));
      return true;
    }
    case '.':
      emit({true, {{'\n', '\n'}, {'\r', '\r'}}, 0});
      if (ecma_)
        classes_.back().ranges.emplace_back(0x2028, 0x2029);
      return true;
    case '^':
      code_.push_back({op::text_begin});
      return true;
    case '$':
      code_.push_back({op::text_end});
      return true;
    case '\\': {
      if (ecma_ && (at('b') || at('B'))) {
        code_.push_back({text_[pos_++] == 'b' ? op::word_edge : op::no_word_edge});
        return true;
      }
      char_class set;
      const auto single = escape(set);
      if (!fault_.empty())
        return false;
      if (single)
        code_.push_back({op::character, *single});
      else
        emit(std::move(set));
      return true;
    }
    case '{':
    case ']':
    case '}':
      if (ecma_ && !begins_count(pos_ - 1)) {
        code_.push_back({op::character, c});
        return true;
      }
      --pos_;
      if (c == '{')
        return reject("nothing to repeat here");
      return reject("expected a character; write a backslash before a literal bracket");
    case '*':
    case '+':
    case '?':
      --pos_;
      return reject("nothing to repeat here");
    default:
      code_.push_back({op::character, c});
      return true;
    }
  }

  // After "(?".
  bool plain_group() {
    if (pos_ + 1 < text_.size() && text_[pos_ + 1] == ':') {
      pos_ += 2;
      return true;
    }
    return reject("lookaround and named groups are not supported");
  }

  // ECMA-262 takes a brace that begins no count for itself.
  bool begins_count(size_t i) const {
    return text_[i] == '{' && i + 1 < text_.size() && text_[i + 1] >= '0' && text_[i + 1] <= '9';
  }

  void emit(char_class set) {
    code_.push_back({op::one_of, 0, static_cast<uint32_t>(classes_.size())});
    classes_.push_back(std::move(set));
  }

  bool number(uint32_t& out) {
    const auto begin = pos_;
    for (out = 0; pos_ < text_.size() && text_[pos_] >= '0' && text_[pos_] <= '9'; ++pos_)
      out = std::min<uint32_t>(out * 10 + static_cast<uint32_t>(text_[pos_] - '0'), code_limit + 1);
    return pos_ > begin;
  }

  bool quantifier(uint32_t begin) {
    constexpr uint32_t unbounded = UINT32_MAX;
    uint32_t low = 1;
    uint32_t high = 1;
    if (at('*') || at('+') || at('?')) {
      low = at('+') ? 1 : 0;
      high = at('?') ? 1 : unbounded;
      ++pos_;
    } else if (at('{') && (!ecma_ || begins_count(pos_))) {
      ++pos_;
      if (!number(low))
        return reject("expected a number");
      high = low;
      if (at(',')) {
        ++pos_;
        if (!number(high))
          high = unbounded;
      }
      if (!at('}'))
        return reject("expected '}'");
      if (high < low)
        return reject("the repetition is upside down");
      ++pos_;
    } else {
      return true;
    }
    // Lazy or not makes no difference to whether a text matches.
    if (ecma_ && at('?'))
      ++pos_;
    return repeat(begin, low, high, high == unbounded);
  }

  bool repeat(uint32_t begin, uint32_t low, uint32_t high, bool unbounded) {
    const std::vector<instruction> unit(code_.begin() + begin, code_.end());
    const auto copies = unbounded ? uint64_t{low} + 1 : high;
    if (copies * (unit.size() + 2) > code_limit)
      return reject("the pattern is too large once its repetitions are unrolled");
    code_.resize(begin);
    for (uint32_t i = 0; i < low; ++i)
      append(unit, begin);
    if (unbounded) {
      const auto loop = here();
      code_.push_back({op::split, 0, loop + 1, static_cast<uint32_t>(loop + unit.size() + 2)});
      append(unit, begin);
      code_.push_back({op::jump, 0, loop});
      return true;
    }
    const auto end = static_cast<uint32_t>(here() + (high - low) * (unit.size() + 1));
    for (uint32_t i = low; i < high; ++i) {
      code_.push_back({op::split, 0, here() + 1, end});
      append(unit, begin);
    }
    return true;
  }

  // `unit` was compiled for address `from`.
  void append(const std::vector<instruction>& unit, uint32_t from) {
    const auto shift = here() - from;
    for (auto i : unit)
      code_.push_back(shifted(i, shift));
  }

  void insert(uint32_t where, instruction added) {
    for (auto i = code_.begin() + where; i != code_.end(); ++i)
      *i = shifted(*i, 1);
    code_.insert(code_.begin() + where, added);
  }

  static instruction shifted(instruction i, uint32_t by) {
    if (i.what == op::split || i.what == op::jump) {
      i.x += by;
      i.y += by;
    }
    return i;
  }

  std::vector<instruction> code_;
  std::vector<char_class> classes_;
};

} // namespace

result<i_regexp> i_regexp::compile(std::string_view pattern, dialect as) {
  if (pattern.size() > pattern_limit)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the pattern is longer than 1024 bytes");
  auto compiled = compiler{pattern, as}.run();
  if (!compiled)
    return tl::unexpected{compiled.error()};
  return i_regexp{std::make_shared<const program>(std::move(*compiled))};
}

} // namespace troupe

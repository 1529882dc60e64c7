#include "runtime/expression/i_regexp.hpp"

#include "runtime/expression/unicode_category.hpp"
#include "runtime/expression/utf8.hpp"

#include <utility>

namespace troupe {

namespace {

using instruction = i_regexp::instruction;
using op = instruction::op;

// What assertions look at.
struct place {
  bool begin;
  bool end;
  bool word_before;
  bool word_after;
};

bool is_word(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

// A byte is enough to know a word character by.
bool is_word_at(std::string_view text, size_t pos) {
  return pos < text.size() && is_word(static_cast<unsigned char>(text[pos]));
}

// The instructions at which the machine stands, each at most once.
class thread_list {
public:
  explicit thread_list(size_t size) : seen_(size, 0) {}

  void clear() {
    list.clear();
    ++generation_;
  }

  // Follows jumps; true when it reaches the end of the program.
  bool add(const std::vector<instruction>& code, uint32_t start, const place& at) {
    pending_.assign(1, start);
    while (!pending_.empty()) {
      const auto pc = pending_.back();
      pending_.pop_back();
      if (seen_[pc] == generation_)
        continue;
      seen_[pc] = generation_;
      const auto& i = code[pc];
      switch (i.what) {
      case op::accept:
        accepted = true;
        break;
      case op::jump:
        pending_.push_back(i.x);
        break;
      case op::split:
        pending_.push_back(i.x);
        pending_.push_back(i.y);
        break;
      case op::text_begin:
      case op::text_end:
      case op::word_edge:
      case op::no_word_edge:
        if (holds(i.what, at))
          pending_.push_back(pc + 1);
        break;
      default:
        list.push_back(pc);
      }
    }
    return accepted;
  }

  std::vector<uint32_t> list;
  bool accepted = false;

private:
  static bool holds(op assertion, const place& at) {
    switch (assertion) {
    case op::text_begin:
      return at.begin;
    case op::text_end:
      return at.end;
    default:
      return (at.word_before != at.word_after) == (assertion == op::word_edge);
    }
  }

  std::vector<uint32_t> seen_;
  std::vector<uint32_t> pending_;
  uint32_t generation_ = 1;
};

} // namespace

bool i_regexp::char_class::contains(char32_t c) const {
  bool found = false;
  for (auto [low, high] : ranges)
    found = found || (c >= low && c <= high);
  if (!found && categories != 0)
    found = (unicode_category_bit(c) & categories) != 0;
  return found != negated;
}

bool i_regexp::match(std::string_view text, uint64_t& steps) const {
  return run(text, true, steps);
}

bool i_regexp::search(std::string_view text, uint64_t& steps) const {
  return run(text, false, steps);
}

bool i_regexp::match(std::string_view text) const {
  uint64_t steps = UINT64_MAX;
  return run(text, true, steps);
}

bool i_regexp::search(std::string_view text) const {
  uint64_t steps = UINT64_MAX;
  return run(text, false, steps);
}

bool i_regexp::run(std::string_view text, bool whole, uint64_t& steps) const {
  const auto& code = program_->code;
  thread_list now(code.size());
  thread_list next(code.size());
  now.add(code, 0, {true, text.empty(), false, is_word_at(text, 0)});
  for (size_t pos = 0; pos < text.size();) {
    if (now.accepted && !whole)
      return true;
    if (now.list.empty() && whole)
      return false;
    const uint64_t cost = now.list.size() + 1;
    if (cost > steps) {
      steps = 0;
      return false;
    }
    steps -= cost;
    const auto c = utf8::next(text, pos);
    const place at{false, pos >= text.size(), is_word(c), is_word_at(text, pos)};
    next.clear();
    next.accepted = false;
    for (auto pc : now.list) {
      const auto& i = code[pc];
      const bool fits = i.what == op::character ? i.character == c : program_->classes[i.x].contains(c);
      if (fits)
        next.add(code, pc + 1, at);
    }
    if (!whole)
      next.add(code, 0, at);
    std::swap(now, next);
  }
  return now.accepted;
}

} // namespace troupe

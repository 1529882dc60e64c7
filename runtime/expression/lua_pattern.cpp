#include "runtime/expression/lua_pattern.hpp"

#include "runtime/expression/lua_meter.hpp"

#include <lua.hpp>

#include <cstring>

namespace troupe {

namespace {

constexpr ptrdiff_t open = -1;
constexpr ptrdiff_t position = -2;
constexpr char escape = '%';
// Every level of recursion is an item of the pattern that may repeat.
constexpr int pattern_depth_limit = 200;
constexpr uint64_t steps_per_charge = 64;

bool in_range(unsigned char c, char low, char high) {
  return c >= static_cast<unsigned char>(low) && c <= static_cast<unsigned char>(high);
}

// %a and the like, as the C locale has them whatever the process's is. Any other character stands for itself.
bool in_class(unsigned char c, char name) {
  const bool lower = in_range(c, 'a', 'z');
  const bool upper = in_range(c, 'A', 'Z');
  const bool digit = in_range(c, '0', '9');
  const bool graphic = in_range(c, '!', '~');
  bool inside = false;
  switch (name | 0x20) {
  case 'a':
    inside = lower || upper;
    break;
  case 'c':
    inside = c < 0x20 || c == 0x7F;
    break;
  case 'd':
    inside = digit;
    break;
  case 'g':
    inside = graphic;
    break;
  case 'l':
    inside = lower;
    break;
  case 'p':
    inside = graphic && !lower && !upper && !digit;
    break;
  case 's':
    inside = c == ' ' || in_range(c, '\t', '\r');
    break;
  case 'u':
    inside = upper;
    break;
  case 'w':
    inside = lower || upper || digit;
    break;
  case 'x':
    inside = digit || in_range(c, 'a', 'f') || in_range(c, 'A', 'F');
    break;
  default:
    return static_cast<unsigned char>(name) == c;
  }
  return in_range(static_cast<unsigned char>(name), 'A', 'Z') ? !inside : inside;
}

// `p` stands on the opening bracket, `close` on the closing one.
bool in_set(unsigned char c, const char* p, const char* close) {
  bool negated = false;
  ++p;
  if (*p == '^') {
    negated = true;
    ++p;
  }
  for (; p < close; ++p) {
    if (*p == escape) {
      if (in_class(c, *++p))
        return !negated;
    } else if (p + 2 < close && p[1] == '-') {
      if (in_range(c, *p, p[2]))
        return !negated;
      p += 2;
    } else if (static_cast<unsigned char>(*p) == c) {
      return !negated;
    }
  }
  return negated;
}

} // namespace

lua_pattern::lua_pattern(lua_State* state, const char* text, size_t text_size, const char* pattern, size_t pattern_size)
    : state_{state}, text_{text}, text_end_{text + text_size}, pattern_{pattern}, pattern_end_{pattern + pattern_size} {
}

const char* lua_pattern::match(const char* at) {
  count_ = 0;
  depth_ = 0;
  return match_here(at, pattern_);
}

void lua_pattern::step() {
  if (++steps_ % steps_per_charge == 0)
    lua_meter::of(state_).charge(state_, steps_per_charge);
}

const char* lua_pattern::match_here(const char* s, const char* p) {
  if (++depth_ > pattern_depth_limit)
    luaL_error(state_, "pattern too complex");
  while (s != nullptr && p != pattern_end_) {
    step();
    if (*p == '$' && p + 1 == pattern_end_) {
      s = s == text_end_ ? s : nullptr;
      break;
    }
    if (*p == '(' || *p == ')') {
      s = *p == ')'                             ? close_capture(s, p + 1)
          : p + 1 < pattern_end_ && p[1] == ')' ? open_capture(s, p + 2, position)
                                                : open_capture(s, p + 1, open);
      break;
    }
    if (*p == escape && p + 1 < pattern_end_) {
      bool handled = false;
      const auto* after = match_special(s, p, handled);
      if (handled) {
        s = after;
        p += p[1] == 'b' ? 4 : p[1] == 'f' ? item_end(p + 2) - p : 2;
        continue;
      }
    }
    const auto* end = item_end(p);
    if (end < pattern_end_ && (*end == '*' || *end == '+' || *end == '-' || *end == '?')) {
      s = match_repeated(s, p, end);
      break;
    }
    s = s < text_end_ && item_matches(s, p, end) ? s + 1 : nullptr;
    p = end;
  }
  --depth_;
  return s;
}

// %b, %f and back references.
const char* lua_pattern::match_special(const char* s, const char* p, bool& handled) {
  handled = true;
  if (p[1] == 'b')
    return match_balance(s, p + 2);
  if (p[1] == 'f')
    return match_frontier(s, p + 2);
  if (in_range(static_cast<unsigned char>(p[1]), '0', '9'))
    return match_back_reference(s, p[1]);
  handled = false;
  return nullptr;
}

// One item with * + - or ? behind it, and all that follows.
const char* lua_pattern::match_repeated(const char* s, const char* p, const char* end) {
  const auto* rest = end + 1;
  auto fits = [&](const char* at) { return at < text_end_ && item_matches(at, p, end); };
  if (*end == '?') {
    if (fits(s))
      if (const auto* found = match_here(s + 1, rest))
        return found;
    return match_here(s, rest);
  }
  if (*end == '-') {
    for (;; ++s) {
      step();
      if (const auto* found = match_here(s, rest))
        return found;
      if (!fits(s))
        return nullptr;
    }
  }
  const auto* least = *end == '+' ? s + 1 : s;
  auto* last = s;
  while (fits(last)) {
    step();
    ++last;
  }
  for (; last >= least; --last) {
    step();
    if (const auto* found = match_here(last, rest))
      return found;
  }
  return nullptr;
}

const char* lua_pattern::match_balance(const char* s, const char* p) {
  if (p + 1 >= pattern_end_)
    luaL_error(state_, "malformed pattern (missing arguments to '%%b')");
  if (s >= text_end_ || *s != p[0])
    return nullptr;
  int nesting = 1;
  while (++s < text_end_) {
    step();
    if (*s == p[1]) {
      if (--nesting == 0)
        return s + 1;
    } else if (*s == p[0]) {
      ++nesting;
    }
  }
  return nullptr;
}

const char* lua_pattern::match_frontier(const char* s, const char* p) {
  if (p >= pattern_end_ || *p != '[')
    luaL_error(state_, "missing '[' after '%%f' in pattern");
  const auto* close = item_end(p) - 1;
  // The ends of the text count as '\0'.
  const auto before = static_cast<unsigned char>(s == text_ ? '\0' : s[-1]);
  const auto after = static_cast<unsigned char>(s == text_end_ ? '\0' : *s);
  return !in_set(before, p, close) && in_set(after, p, close) ? s : nullptr;
}

const char* lua_pattern::open_capture(const char* s, const char* p, ptrdiff_t length) {
  if (count_ == capture_limit)
    luaL_error(state_, "too many captures");
  captures_[count_++] = {s, length};
  const auto* found = match_here(s, p);
  if (!found)
    --count_;
  return found;
}

const char* lua_pattern::close_capture(const char* s, const char* p) {
  int i = count_ - 1;
  while (i >= 0 && captures_[i].length != open)
    --i;
  if (i < 0)
    luaL_error(state_, "invalid pattern capture");
  captures_[i].length = s - captures_[i].begin;
  const auto* found = match_here(s, p);
  if (!found)
    captures_[i].length = open;
  return found;
}

const char* lua_pattern::match_back_reference(const char* s, char digit) {
  const int i = digit - '1';
  if (i < 0 || i >= count_ || captures_[i].length == open)
    luaL_error(state_, "invalid capture index %%%d in pattern", i + 1);
  const auto length = captures_[i].length;
  // A position has no text to come again.
  if (length == position || text_end_ - s < length
      || std::memcmp(captures_[i].begin, s, static_cast<size_t>(length)) != 0)
    return nullptr;
  lua_meter::of(state_).charge(state_, static_cast<uint64_t>(length) / 16);
  return s + length;
}

// Past the item at `p`: a character, an escaped one or a set.
const char* lua_pattern::item_end(const char* p) {
  if (p >= pattern_end_)
    luaL_error(state_, "malformed pattern (ends with '%%f')");
  if (*p == escape) {
    if (p + 1 >= pattern_end_)
      luaL_error(state_, "malformed pattern (ends with '%%')");
    return p + 2;
  }
  if (*p != '[')
    return p + 1;
  const auto* i = p + 1;
  if (i < pattern_end_ && *i == '^')
    ++i;
  // A closing bracket in the first place stands for itself.
  do {
    if (i >= pattern_end_)
      luaL_error(state_, "malformed pattern (missing ']')");
    if (*i++ == escape) {
      if (i >= pattern_end_)
        luaL_error(state_, "malformed pattern (missing ']')");
      ++i;
    }
  } while (i >= pattern_end_ || *i != ']');
  return i + 1;
}

bool lua_pattern::item_matches(const char* s, const char* p, const char* end) const {
  const auto c = static_cast<unsigned char>(*s);
  if (*p == '.')
    return true;
  if (*p == escape)
    return in_class(c, p[1]);
  if (*p == '[')
    return in_set(c, p, end - 1);
  return static_cast<unsigned char>(*p) == c;
}

int lua_pattern::push_captures(const char* begin, const char* end) {
  const int count = count_ == 0 ? 1 : count_;
  luaL_checkstack(state_, count, "too many captures");
  for (int i = 0; i < count; ++i)
    push_capture(i, begin, end);
  return count;
}

void lua_pattern::push_capture(int i, const char* begin, const char* end) {
  if (i == 0 && count_ == 0) {
    lua_pushlstring(state_, begin, static_cast<size_t>(end - begin));
    return;
  }
  if (i >= count_)
    luaL_error(state_, "invalid capture index %%%d", i + 1);
  const auto& x = captures_[i];
  if (x.length == position)
    lua_pushinteger(state_, x.begin - text_ + 1);
  else if (x.length == open)
    luaL_error(state_, "unfinished capture");
  else
    lua_pushlstring(state_, x.begin, static_cast<size_t>(x.length));
}

} // namespace troupe

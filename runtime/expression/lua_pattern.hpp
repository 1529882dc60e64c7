#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

namespace troupe {

/// Matches a Lua pattern (Lua 5.4 manual, 6.4.1) and charges every step of its backtracking to the meter: Lua's own
/// matcher cannot be stopped, and patterns such as (".-"):rep(20) .. "x" run for years. Owns nothing, for Lua errors
/// leave by longjmp.
class lua_pattern {
public:
  static constexpr int capture_limit = 32;

  struct capture {
    const char* begin = nullptr;
    /// -1: not closed yet. -2: a position.
    ptrdiff_t length = 0;
  };

  /// A leading `^` is the caller's business; `pattern` is what follows it.
  lua_pattern(lua_State* state, const char* text, size_t text_size, const char* pattern, size_t pattern_size);

  /// Where a match that begins at `at` ends; null when there is none. Raises Lua errors for malformed patterns.
  const char* match(const char* at);

  /// Pushes what the last match captured: all captures, or the whole match when there are none. Returns how many.
  int push_captures(const char* begin, const char* end);

  /// Pushes capture `i` (from 0), where 0 without captures is the whole match.
  void push_capture(int i, const char* begin, const char* end);

  int captures() const {
    return count_;
  }

private:
  const char* match_here(const char* s, const char* p);
  const char* match_special(const char* s, const char* p, bool& handled);
  const char* match_repeated(const char* s, const char* p, const char* item_end);
  const char* match_balance(const char* s, const char* p);
  const char* match_frontier(const char* s, const char* p);
  const char* open_capture(const char* s, const char* p, ptrdiff_t length);
  const char* close_capture(const char* s, const char* p);
  const char* match_back_reference(const char* s, char digit);
  const char* item_end(const char* p);
  bool item_matches(const char* s, const char* p, const char* item_end) const;
  void step();

  lua_State* state_;
  const char* text_;
  const char* text_end_;
  const char* pattern_;
  const char* pattern_end_;
  capture captures_[capture_limit];
  int count_ = 0;
  int depth_ = 0;
  uint64_t steps_ = 0;
};

} // namespace troupe

#include "runtime/expression/lua_text.hpp"

#include "runtime/expression/lua_meter.hpp"
#include "runtime/expression/lua_pattern.hpp"

#include <lua.hpp>

#include <cstring>
#include <string_view>

// Lua errors leave a function by longjmp: no function here may own anything when it calls Lua.
namespace troupe::lua_text {

namespace {

struct argument {
  const char* data;
  size_t size;

  const char* end() const {
    return data + size;
  }

  std::string_view view() const {
    return {data, size};
  }
};

argument text_at(lua_State* state, int index) {
  argument out{nullptr, 0};
  out.data = luaL_checklstring(state, index, &out.size);
  return out;
}

// The optional start as an offset from 0; past the end it is size + 1.
size_t start_at(lua_State* state, int index, size_t size) {
  const auto start = luaL_optinteger(state, index, 1);
  if (start > 0)
    return static_cast<size_t>(start) - 1 > size ? size + 1 : static_cast<size_t>(start) - 1;
  if (start == 0 || static_cast<size_t>(-(start + 1)) >= size)
    return 0;
  return size - static_cast<size_t>(-start);
}

lua_pattern pattern_of(lua_State* state, const argument& text, const argument& pattern, bool anchored) {
  const size_t skipped = anchored ? 1 : 0;
  return {state, text.data, text.size, pattern.data + skipped, pattern.size - skipped};
}

bool is_anchored(const argument& pattern) {
  return pattern.size > 0 && pattern.data[0] == '^';
}

int find_plain(lua_State* state, const argument& text, const argument& wanted, size_t start) {
  // The search may compare most of `wanted` at every place.
  lua_meter::of(state).charge(state, (text.size - start) / 16 * (1 + wanted.size / 64));
  const auto found = text.view().find(wanted.view(), start);
  if (found == std::string_view::npos) {
    lua_pushnil(state);
    return 1;
  }
  lua_pushinteger(state, static_cast<lua_Integer>(found + 1));
  lua_pushinteger(state, static_cast<lua_Integer>(found + wanted.size));
  return 2;
}

int search(lua_State* state, bool places) {
  const auto text = text_at(state, 1);
  const auto pattern = text_at(state, 2);
  const auto start = start_at(state, 3, text.size);
  if (start > text.size) {
    lua_pushnil(state);
    return 1;
  }
  if (places && (lua_toboolean(state, 4) != 0 || pattern.view().find_first_of("^$*+?.([%-") == std::string_view::npos))
    return find_plain(state, text, pattern, start);
  const bool anchored = is_anchored(pattern);
  auto run = pattern_of(state, text, pattern, anchored);
  for (const auto* s = text.data + start; s <= text.end(); ++s) {
    if (const auto* end = run.match(s)) {
      if (!places)
        return run.push_captures(s, end);
      lua_pushinteger(state, s - text.data + 1);
      lua_pushinteger(state, end - text.data);
      return 2 + (run.captures() > 0 ? run.push_captures(s, end) : 0);
    }
    if (anchored)
      break;
  }
  lua_pushnil(state);
  return 1;
}

// Upvalues: text, pattern, where to go on, where the last match ended (-1: none yet).
int next_match(lua_State* state) {
  const auto text = text_at(state, lua_upvalueindex(1));
  const auto pattern = text_at(state, lua_upvalueindex(2));
  const auto from = static_cast<size_t>(lua_tointeger(state, lua_upvalueindex(3)));
  const auto last = lua_tointeger(state, lua_upvalueindex(4));
  auto run = pattern_of(state, text, pattern, false);
  for (auto i = from; i <= text.size; ++i) {
    const auto* s = text.data + i;
    const auto* end = run.match(s);
    // An empty match right after the last one is none.
    if (!end || end - text.data == last)
      continue;
    lua_pushinteger(state, end - text.data);
    lua_pushvalue(state, -1);
    lua_replace(state, lua_upvalueindex(3));
    lua_replace(state, lua_upvalueindex(4));
    return run.push_captures(s, end);
  }
  return 0;
}

void add_template(lua_State* state, luaL_Buffer* out, lua_pattern& run, const char* begin, const char* end) {
  size_t size = 0;
  const char* text = lua_tolstring(state, 3, &size);
  for (size_t i = 0; i < size; ++i) {
    if (text[i] != '%') {
      luaL_addchar(out, text[i]);
      continue;
    }
    ++i;
    if (i < size && text[i] == '%') {
      luaL_addchar(out, '%');
    } else if (i < size && text[i] == '0') {
      luaL_addlstring(out, begin, static_cast<size_t>(end - begin));
    } else if (i < size && text[i] >= '1' && text[i] <= '9') {
      run.push_capture(text[i] - '1', begin, end);
      luaL_tolstring(state, -1, nullptr);
      lua_remove(state, -2);
      luaL_addvalue(out);
    } else {
      luaL_error(state, "invalid use of '%%' in replacement string");
    }
  }
}

void add_replacement(lua_State* state, luaL_Buffer* out, lua_pattern& run, const char* begin, const char* end) {
  switch (lua_type(state, 3)) {
  case LUA_TFUNCTION:
    lua_pushvalue(state, 3);
    lua_call(state, run.push_captures(begin, end), 1);
    break;
  case LUA_TTABLE:
    run.push_capture(0, begin, end);
    lua_gettable(state, 3);
    break;
  default:
    add_template(state, out, run, begin, end);
    return;
  }
  if (lua_toboolean(state, -1) == 0) {
    lua_pop(state, 1);
    luaL_addlstring(out, begin, static_cast<size_t>(end - begin));
  } else if (lua_isstring(state, -1) == 0) {
    luaL_error(state, "invalid replacement value (a %s)", luaL_typename(state, -1));
  } else {
    luaL_addvalue(out);
  }
}

} // namespace

int find(lua_State* state) {
  return search(state, true);
}

int match(lua_State* state) {
  return search(state, false);
}

int gmatch(lua_State* state) {
  const auto text = text_at(state, 1);
  text_at(state, 2);
  const auto start = start_at(state, 3, text.size);
  lua_settop(state, 2);
  lua_pushinteger(state, static_cast<lua_Integer>(start));
  lua_pushinteger(state, -1);
  lua_pushcclosure(state, next_match, 4);
  return 1;
}

int gsub(lua_State* state) {
  const auto text = text_at(state, 1);
  const auto pattern = text_at(state, 2);
  const auto kind = lua_type(state, 3);
  luaL_argexpected(state, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE, 3,
                   "string/function/table");
  const auto most = luaL_optinteger(state, 4, static_cast<lua_Integer>(text.size) + 1);
  const bool anchored = is_anchored(pattern);
  lua_meter::of(state).charge(state, text.size / 16 + 1);
  auto run = pattern_of(state, text, pattern, anchored);
  luaL_Buffer out;
  luaL_buffinit(state, &out);
  const char* s = text.data;
  const char* last = nullptr;
  lua_Integer count = 0;
  while (count < most) {
    const auto* end = run.match(s);
    if (end && end != last) {
      ++count;
      add_replacement(state, &out, run, s, end);
      s = last = end;
    } else if (s < text.end()) {
      luaL_addchar(&out, *s);
      ++s;
    } else {
      break;
    }
    if (anchored)
      break;
  }
  luaL_addlstring(&out, s, static_cast<size_t>(text.end() - s));
  luaL_pushresult(&out);
  lua_pushinteger(state, count);
  return 2;
}

} // namespace troupe::lua_text

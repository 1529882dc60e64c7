#include "runtime/expression/lua_order.hpp"

#include "runtime/expression/lua_meter.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

// Lua errors leave a function by longjmp: no function here may own anything when it calls Lua.
namespace troupe::lua_order {

namespace {

// A key as the order sees it. The text lives as long as the key is in the table.
struct key {
  int type;
  bool integer;
  lua_Integer whole;
  lua_Number number;
  const char* text;
  size_t size;

  std::string_view view() const {
    return {text, size};
  }

  int rank() const {
    return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : 2;
  }
};
static_assert(std::is_trivially_destructible_v<key>);

bool operator<(const key& a, const key& b) {
  if (a.rank() != b.rank())
    return a.rank() < b.rank();
  if (a.type == LUA_TSTRING)
    return a.view() < b.view();
  if (a.type == LUA_TBOOLEAN || (a.integer && b.integer))
    return a.whole < b.whole;
  return a.number < b.number;
}

key read(lua_State* state, int index) {
  key out{lua_type(state, index), false, 0, 0, nullptr, 0};
  switch (out.type) {
  case LUA_TNUMBER:
    out.integer = lua_isinteger(state, index) != 0;
    out.whole = out.integer ? lua_tointeger(state, index) : 0;
    out.number = lua_tonumber(state, index);
    break;
  case LUA_TSTRING:
    out.text = lua_tolstring(state, index, &out.size);
    break;
  case LUA_TBOOLEAN:
    out.whole = lua_toboolean(state, index);
    break;
  default:
    luaL_error(state, "a key that is a %s has no place in an order", luaL_typename(state, index));
  }
  return out;
}

void push(lua_State* state, const key& k) {
  if (k.type == LUA_TSTRING)
    lua_pushlstring(state, k.text, k.size);
  else if (k.type == LUA_TBOOLEAN)
    lua_pushboolean(state, static_cast<int>(k.whole));
  else if (k.integer)
    lua_pushinteger(state, k.whole);
  else
    lua_pushnumber(state, k.number);
}

// Upvalues: the table, its keys in order, how many of them are done.
int advance(lua_State* state) {
  auto i = lua_tointeger(state, lua_upvalueindex(3));
  for (;;) {
    lua_rawgeti(state, lua_upvalueindex(2), ++i);
    if (lua_isnil(state, -1))
      return 1;
    lua_pushvalue(state, -1);
    lua_rawget(state, lua_upvalueindex(1));
    if (!lua_isnil(state, -1))
      break;
    // Removed since the loop began.
    lua_pop(state, 2);
  }
  lua_pushinteger(state, i);
  lua_replace(state, lua_upvalueindex(3));
  return 2;
}

// Whether the value on top belongs before the one below it; pops both.
bool is_before(lua_State* state) {
  bool out = false;
  if (lua_isfunction(state, 2)) {
    lua_pushvalue(state, 2);
    lua_rotate(state, -3, 1);
    lua_insert(state, -2);
    lua_call(state, 2, 1);
    out = lua_toboolean(state, -1) != 0;
    lua_pop(state, 1);
    return out;
  }
  out = lua_compare(state, -1, -2, LUA_OPLT) != 0;
  lua_pop(state, 2);
  return out;
}

void copy_element(lua_State* state, int from, lua_Integer i, int to, lua_Integer j) {
  lua_rawgeti(state, from, i);
  lua_rawseti(state, to, j);
}

// Merges [begin, middle) and [middle, end) of the table `from` into `to`.
void merge(lua_State* state, int from, int to, lua_Integer begin, lua_Integer middle, lua_Integer end) {
  auto left = begin;
  auto right = middle;
  for (auto i = begin; i < end; ++i) {
    bool take_right = left == middle;
    if (left < middle && right < end) {
      lua_rawgeti(state, from, left);
      lua_rawgeti(state, from, right);
      take_right = is_before(state);
    }
    copy_element(state, from, take_right ? right++ : left++, to, i);
  }
}

} // namespace

int sort(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  if (!lua_isnoneornil(state, 2))
    luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  const auto count = static_cast<lua_Integer>(lua_rawlen(state, 1));
  lua_createtable(state, static_cast<int>(std::min<lua_Integer>(count, 1 << 24)), 0);
  int from = 1;
  int to = 3;
  for (lua_Integer width = 1; width < count; width *= 2) {
    lua_meter::of(state).charge(state, static_cast<uint64_t>(count));
    for (lua_Integer begin = 1; begin <= count; begin += 2 * width)
      merge(state, from, to, begin, std::min(begin + width, count + 1), std::min(begin + 2 * width, count + 1));
    std::swap(from, to);
  }
  if (from != 1)
    for (lua_Integer i = 1; i <= count; ++i)
      copy_element(state, from, i, 1, i);
  return 0;
}

int pairs(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  size_t count = 0;
  for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1))
    ++count;
  lua_meter::of(state).charge(state, count);
  lua_pushvalue(state, 1);
  lua_createtable(state, static_cast<int>(count), 0);
  // Memory of Lua's, for errors must not leak it.
  auto* keys = static_cast<key*>(lua_newuserdatauv(state, count * sizeof(key) + 1, 0));
  size_t filled = 0;
  for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1))
    keys[filled++] = read(state, -2);
  std::sort(keys, keys + filled);
  for (size_t i = 0; i < filled; ++i) {
    push(state, keys[i]);
    lua_rawseti(state, -3, static_cast<lua_Integer>(i + 1));
  }
  lua_pop(state, 1);
  lua_pushinteger(state, 0);
  lua_pushcclosure(state, advance, 3);
  lua_pushvalue(state, 1);
  lua_pushnil(state);
  return 3;
}

int next(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 2);
  const bool from_start = lua_isnil(state, 2);
  key after{};
  if (!from_start)
    after = read(state, 2);
  key best{};
  bool found = false;
  uint64_t count = 0;
  for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1)) {
    ++count;
    const auto candidate = read(state, -2);
    if ((from_start || after < candidate) && (!found || candidate < best)) {
      best = candidate;
      found = true;
    }
  }
  lua_meter::of(state).charge(state, count);
  if (!found) {
    lua_pushnil(state);
    return 1;
  }
  push(state, best);
  lua_pushvalue(state, -1);
  lua_rawget(state, 1);
  return 2;
}

} // namespace troupe::lua_order

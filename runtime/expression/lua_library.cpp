#include "runtime/expression/lua_library.hpp"

#include "runtime/expression/lua_meter.hpp"
#include "runtime/expression/lua_order.hpp"
#include "runtime/expression/lua_text.hpp"
#include "runtime/expression/lua_values.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

// Lua errors leave a function by longjmp: no function here may own anything when it calls Lua.
namespace troupe::lua_library {

namespace {

constexpr uint64_t bytes_per_instruction = 16;

uint64_t argument_cost(lua_State* state) {
  uint64_t cost = 0;
  for (int i = lua_gettop(state); i > 0; --i) {
    if (lua_type(state, i) == LUA_TSTRING)
      cost += lua_rawlen(state, i) / bytes_per_instruction;
    else if (lua_type(state, i) == LUA_TTABLE)
      cost += lua_rawlen(state, i);
  }
  return cost;
}

// Lua's own function is the upvalue; its work is estimated by the size of its arguments.
int charged(lua_State* state) {
  lua_meter::of(state).charge(state, argument_cost(state));
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

int repeat(lua_State* state) {
  const auto count = luaL_checkinteger(state, 2);
  // Lua goes through the repetitions of nothing, too; something of that size is the memory limit's affair.
  if (count > 0)
    lua_meter::of(state).charge(state, static_cast<uint64_t>(count) / bytes_per_instruction);
  return charged(state);
}

int move(lua_State* state) {
  const auto first = luaL_checkinteger(state, 2);
  const auto last = luaL_checkinteger(state, 3);
  if (last >= first)
    lua_meter::of(state).charge(state, static_cast<uint64_t>(last) - static_cast<uint64_t>(first) + 1);
  return charged(state);
}

// Addresses differ from run to run, so tables and functions are shown by their kind alone.
void push_text(lua_State* state, int index) {
  switch (lua_type(state, index)) {
  case LUA_TTABLE:
  case LUA_TFUNCTION:
    lua_pushstring(state, luaL_typename(state, index));
    break;
  default:
    luaL_tolstring(state, index, nullptr);
  }
}

int to_string(lua_State* state) {
  luaL_checkany(state, 1);
  push_text(state, 1);
  return 1;
}

int format(lua_State* state) {
  const char* directive = luaL_checkstring(state, 1);
  for (; *directive != '\0'; ++directive) {
    if (*directive != '%')
      continue;
    do
      ++directive;
    while (*directive != '\0'
           && (*directive == '.' || *directive == '-' || *directive == '+' || *directive == '#' || *directive == ' '
               || (*directive >= '0' && *directive <= '9')));
    if (*directive == 'p')
      return luaL_error(state, "'%%p' shows an address, which is not the same in every run");
    if (*directive == '\0')
      break;
  }
  for (int i = lua_gettop(state); i > 1; --i) {
    if (lua_type(state, i) == LUA_TTABLE || lua_type(state, i) == LUA_TFUNCTION) {
      push_text(state, i);
      lua_replace(state, i);
    }
  }
  return charged(state);
}

int array(lua_State* state) {
  if (lua_isnoneornil(state, 1)) {
    lua_settop(state, 0);
    lua_newtable(state);
  }
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  lua_values::mark_array(state);
  return 1;
}

int read_only(lua_State* state) {
  return luaL_error(state, "the library cannot be changed");
}

struct replacement {
  const char* name;
  lua_CFunction function;
};

// Table on top: takes over `names` from Lua's library of that name, each charged.
void adopt(lua_State* state, const char* library, lua_CFunction opener, std::initializer_list<const char*> names,
           std::initializer_list<replacement> wrapped = {}) {
  luaL_requiref(state, library, opener, 0);
  for (const auto* name : names) {
    lua_getfield(state, -1, name);
    if (lua_iscfunction(state, -1) != 0)
      lua_pushcclosure(state, charged, 1);
    lua_setfield(state, -3, name);
  }
  for (const auto& [name, function] : wrapped) {
    lua_getfield(state, -1, name);
    lua_pushcclosure(state, function, 1);
    lua_setfield(state, -3, name);
  }
  lua_pop(state, 1);
}

// Table on top: functions of our own.
void add(lua_State* state, std::initializer_list<replacement> functions) {
  for (const auto& [name, function] : functions) {
    lua_pushcfunction(state, function);
    lua_setfield(state, -2, name);
  }
}

// Replaces the table on top by an empty one through which it can be read but not written.
void protect(lua_State* state) {
  lua_newtable(state);
  lua_createtable(state, 0, 2);
  lua_rotate(state, -3, -1);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, read_only);
  lua_setfield(state, -2, "__newindex");
  lua_setmetatable(state, -2);
}

void push_string_library(lua_State* state) {
  lua_newtable(state);
  adopt(state, LUA_STRLIBNAME, luaopen_string, {"byte", "char", "len", "lower", "reverse", "sub", "upper"},
        {{"rep", repeat}, {"format", format}});
  add(state,
      {{"find", lua_text::find}, {"gmatch", lua_text::gmatch}, {"gsub", lua_text::gsub}, {"match", lua_text::match}});
  // ("x"):upper() finds the functions by the metatable of strings.
  lua_pushliteral(state, "");
  if (lua_getmetatable(state, -1) != 0) {
    lua_pushvalue(state, -3);
    lua_setfield(state, -2, "__index");
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
}

} // namespace

void push(lua_State* state) {
  lua_newtable(state);
  // No adopt() for what is cheap and often used.
  luaL_requiref(state, LUA_GNAME, luaopen_base, 0);
  for (const auto* name : {"assert", "error", "ipairs", "pcall", "rawequal", "rawget", "rawlen", "select", "tonumber",
                           "type", "xpcall", "_VERSION"}) {
    lua_getfield(state, -1, name);
    lua_setfield(state, -3, name);
  }
  lua_pop(state, 1);
  add(state, {{"array", array}, {"next", lua_order::next}, {"pairs", lua_order::pairs}, {"tostring", to_string}});
  lua_pushlightuserdata(state, nullptr);
  lua_setfield(state, -2, "null");

  lua_newtable(state);
  adopt(state, LUA_MATHLIBNAME, luaopen_math,
        {"abs",  "acos", "asin", "atan", "ceil",       "cos",  "deg",        "exp",  "floor",
         "fmod", "huge", "log",  "max",  "maxinteger", "min",  "mininteger", "modf", "pi",
         "rad",  "sin",  "sqrt", "tan",  "tointeger",  "type", "ult"});
  protect(state);
  lua_setfield(state, -2, "math");

  push_string_library(state);
  protect(state);
  lua_setfield(state, -2, "string");

  lua_newtable(state);
  adopt(state, LUA_TABLIBNAME, luaopen_table, {"concat", "insert", "pack", "remove", "unpack"}, {{"move", move}});
  add(state, {{"sort", lua_order::sort}});
  protect(state);
  lua_setfield(state, -2, "table");

  lua_newtable(state);
  adopt(state, LUA_UTF8LIBNAME, luaopen_utf8, {"char", "charpattern", "codepoint", "codes", "len", "offset"});
  protect(state);
  lua_setfield(state, -2, "utf8");
}

} // namespace troupe::lua_library

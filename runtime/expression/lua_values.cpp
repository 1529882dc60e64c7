#include "runtime/expression/lua_values.hpp"

#include "runtime/expression/utf8.hpp"

#include <lua.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace troupe::lua_values {

namespace {

// Keys of the registry; only the addresses matter.
const char array_key = 0;

constexpr int lua_depth_limit = 128;
// Shared tables can be written a few times and read as billions of values.
constexpr size_t value_limit = 1'000'000;

int null_to_string(lua_State* state) {
  lua_pushliteral(state, "null");
  return 1;
}

// Whatever is below null is null: a skipped step has no members to trip over.
int null_index(lua_State* state) {
  lua_pushlightuserdata(state, nullptr);
  return 1;
}

void push_value(lua_State* state, const json& value, int depth) {
  luaL_checkstack(state, 4, "the value is nested too deeply");
  if (depth > lua_depth_limit)
    luaL_error(state, "the value is nested deeper than %d levels", lua_depth_limit);
  switch (value.type()) {
  case json::value_t::boolean:
    lua_pushboolean(state, value.get<bool>() ? 1 : 0);
    break;
  case json::value_t::number_integer:
    lua_pushinteger(state, value.get<int64_t>());
    break;
  case json::value_t::number_unsigned:
    if (const auto number = value.get<uint64_t>(); number <= std::numeric_limits<int64_t>::max())
      lua_pushinteger(state, static_cast<lua_Integer>(number));
    else
      lua_pushnumber(state, static_cast<lua_Number>(number));
    break;
  case json::value_t::number_float:
    lua_pushnumber(state, value.get<double>());
    break;
  case json::value_t::string: {
    const auto& text = value.get_ref<const std::string&>();
    lua_pushlstring(state, text.data(), text.size());
    break;
  }
  case json::value_t::array: {
    lua_createtable(state, static_cast<int>(value.size()), 0);
    lua_Integer i = 0;
    for (const auto& x : value) {
      push_value(state, x, depth + 1);
      lua_rawseti(state, -2, ++i);
    }
    mark_array(state);
    break;
  }
  case json::value_t::object:
    lua_createtable(state, 0, static_cast<int>(value.size()));
    for (auto i = value.begin(); i != value.end(); ++i) {
      lua_pushlstring(state, i.key().data(), i.key().size());
      push_value(state, *i, depth + 1);
      lua_rawset(state, -3);
    }
    break;
  default:
    lua_pushlightuserdata(state, nullptr);
  }
}

bool is_marked(lua_State* state) {
  if (lua_getmetatable(state, -1) == 0)
    return false;
  lua_rawgetp(state, LUA_REGISTRYINDEX, &array_key);
  const bool same = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return same;
}

class converter {
public:
  explicit converter(lua_State* state) : state_{state} {}

  // The value on top, which stays there.
  bool run(json& out, int depth) {
    if (++count_ > value_limit)
      return reject("is too large: more than 1000000 values");
    if (depth > lua_depth_limit || lua_checkstack(state_, 8) == 0)
      return reject("is nested too deeply, or contains itself");
    switch (lua_type(state_, -1)) {
    case LUA_TNIL:
      out = nullptr;
      return true;
    case LUA_TBOOLEAN:
      out = lua_toboolean(state_, -1) != 0;
      return true;
    case LUA_TNUMBER:
      return number(out);
    case LUA_TSTRING:
      return string(out);
    case LUA_TTABLE:
      return table(out, depth);
    case LUA_TLIGHTUSERDATA:
      out = nullptr;
      return true;
    default:
      return reject(std::string{"is a "} + lua_typename(state_, lua_type(state_, -1)) + ", which is no JSON");
    }
  }

  std::string fault() const {
    return "the result" + place_ + " " + fault_;
  }

private:
  bool reject(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }

  bool number(json& out) {
    if (lua_isinteger(state_, -1) != 0) {
      out = static_cast<int64_t>(lua_tointeger(state_, -1));
      return true;
    }
    const auto value = lua_tonumber(state_, -1);
    if (!std::isfinite(value))
      return reject(std::isnan(value) ? "is not a number (0/0?), which is no JSON" : "is infinite, which is no JSON");
    out = value;
    return true;
  }

  bool string(json& out) {
    size_t size = 0;
    const auto* text = lua_tolstring(state_, -1, &size);
    if (!utf8::valid({text, size}))
      return reject("is a string that is no UTF-8 text");
    out = std::string(text, size);
    return true;
  }

  bool table(json& out, int depth) {
    const auto length = static_cast<size_t>(lua_rawlen(state_, -1));
    if (length > value_limit)
      return reject("is too large: more than 1000000 values");
    size_t names = 0;
    size_t positions = 0;
    for (lua_pushnil(state_); lua_next(state_, -2) != 0; lua_pop(state_, 1)) {
      if (lua_type(state_, -2) == LUA_TSTRING) {
        ++names;
      } else if (lua_isinteger(state_, -2) != 0 && lua_tointeger(state_, -2) >= 1) {
        ++positions;
      } else {
        const auto* kind = lua_typename(state_, lua_type(state_, -2));
        lua_pop(state_, 2);
        return reject(std::string{"has a key that is a "} + kind + "; keys are strings, or the positions 1 to n");
      }
    }
    if (names > 0 && positions > 0)
      return reject("has both names and positions; JSON needs one or the other");
    if (positions > 0 || (names == 0 && is_marked(state_)))
      return array(out, length, positions, depth);
    return object(out, depth);
  }

  bool array(json& out, size_t length, size_t positions, int depth) {
    if (length != positions)
      return reject("is an array with holes; put null where there is no value");
    out = json::array();
    auto& elements = out.get_ref<json::array_t&>();
    elements.resize(length);
    for (size_t i = 0; i < length; ++i) {
      lua_rawgeti(state_, -1, static_cast<lua_Integer>(i + 1));
      const bool good = run(elements[i], depth + 1);
      lua_pop(state_, 1);
      if (!good) {
        place_ = "[" + std::to_string(i + 1) + "]" + place_;
        return false;
      }
    }
    return true;
  }

  bool object(json& out, int depth) {
    out = json::object();
    for (lua_pushnil(state_); lua_next(state_, -2) != 0; lua_pop(state_, 1)) {
      size_t size = 0;
      const auto* text = lua_tolstring(state_, -2, &size);
      std::string key(text, size);
      const bool good = utf8::valid(key) ? run(out[key], depth + 1) : reject("has a key that is no UTF-8 text");
      if (!good) {
        lua_pop(state_, 2);
        place_ = "." + (utf8::valid(key) ? key : "?") + place_;
        return false;
      }
    }
    return true;
  }

  lua_State* state_;
  size_t count_ = 0;
  std::string place_;
  std::string fault_;
};

} // namespace

void open(lua_State* state) {
  lua_newtable(state);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &array_key);
  lua_pushlightuserdata(state, nullptr);
  lua_createtable(state, 0, 3);
  lua_pushcfunction(state, null_to_string);
  lua_setfield(state, -2, "__tostring");
  lua_pushcfunction(state, null_index);
  lua_setfield(state, -2, "__index");
  lua_pushliteral(state, "null");
  lua_setfield(state, -2, "__name");
  lua_setmetatable(state, -2);
}

void push(lua_State* state, const json& value) {
  push_value(state, value, 0);
}

void mark_array(lua_State* state) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &array_key);
  lua_setmetatable(state, -2);
}

bool is_null(lua_State* state, int index) {
  return lua_type(state, index) == LUA_TLIGHTUSERDATA;
}

bool to_json(lua_State* state, json& out, std::string& fault) {
  converter run{state};
  if (run.run(out, 0))
    return true;
  fault = run.fault();
  return false;
}

} // namespace troupe::lua_values

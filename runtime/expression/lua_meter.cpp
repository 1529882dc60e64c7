#include "runtime/expression/lua_meter.hpp"

#include <lua.hpp>

#include <algorithm>
#include <limits>

namespace troupe {

void on_lua_count(lua_State* state) {
  auto& meter = lua_meter::of(state);
  meter.charge(state, static_cast<uint64_t>(meter.quantum_));
}

namespace {

void hook(lua_State* state, lua_Debug*) {
  on_lua_count(state);
}

} // namespace

lua_meter& lua_meter::of(lua_State* state) {
  return **static_cast<lua_meter**>(lua_getextraspace(state));
}

void lua_meter::attach(lua_State* state) {
  *static_cast<lua_meter**>(lua_getextraspace(state)) = this;
}

void lua_meter::start(lua_State* state, uint64_t instructions, size_t memory) {
  left_ = static_cast<int64_t>(std::min<uint64_t>(instructions, std::numeric_limits<int64_t>::max()));
  quantum_ = static_cast<int>(std::clamp<int64_t>(left_, 1, 1000));
  spent_ = false;
  running_ = true;
  limit = base + memory;
  lua_sethook(state, hook, LUA_MASKCOUNT, quantum_);
}

void lua_meter::stop(lua_State* state) {
  running_ = false;
  limit = SIZE_MAX;
  lua_sethook(state, nullptr, 0, 0);
}

void lua_meter::charge(lua_State* state, uint64_t instructions) {
  if (!running_)
    return;
  left_ -= static_cast<int64_t>(std::min<uint64_t>(instructions, std::numeric_limits<int32_t>::max()));
  if (left_ <= 0)
    raise(state);
}

// From here on every single instruction raises the error again, so that no pcall() holds it up.
void lua_meter::raise(lua_State* state) {
  spent_ = true;
  quantum_ = 1;
  lua_sethook(state, hook, LUA_MASKCOUNT, 1);
  luaL_error(state, "the budget of instructions is used up");
}

} // namespace troupe

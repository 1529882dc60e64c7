#pragma once

struct lua_State;

/// Lua's hash order differs from process to process. These replace `pairs` and `next` by functions that visit numbers
/// first, then strings, then booleans, each in ascending order. A key of another type is an error. `sort` is stable:
/// Lua's own picks pivots by the clock, so that equal elements would end up in any order.
namespace troupe::lua_order {

int pairs(lua_State* state);
int next(lua_State* state);
int sort(lua_State* state);

} // namespace troupe::lua_order

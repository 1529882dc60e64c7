#pragma once

struct lua_State;

namespace troupe::lua_library {

/// Pushes the table of everything that a chunk may use: base functions without load, require, print, metatables or
/// garbage control; `math` without random; `string`, `table`, `utf8`. Where Lua's own functions depend on addresses,
/// hash seeds or the clock (`pairs`, `next`, `tostring`, `table.sort`), ours do not. Work done in C is charged to the
/// meter. Raises Lua errors.
void push(lua_State* state);

} // namespace troupe::lua_library

#pragma once

struct lua_State;

/// `string.find`, `match`, `gmatch`, `gsub` over lua_pattern: Lua's functions with their work charged to the meter.
namespace troupe::lua_text {

int find(lua_State* state);
int match(lua_State* state);
int gmatch(lua_State* state);
int gsub(lua_State* state);

} // namespace troupe::lua_text

#pragma once

#include "runtime/core/json.hpp"

#include <string>

struct lua_State;

namespace troupe::lua_values {

/// Registers the metatables of JSON null and of arrays; leaves the value of `null` on the stack.
/// Raises Lua errors, as `push` does: call both inside a protected call.
void open(lua_State* state);

/// Integers stay integers; above 2^63 - 1 they become floats, for Lua has no wider ones.
void push(lua_State* state, const json& value);

/// Marks the table on top as an array, so that it stays one when it is empty.
void mark_array(lua_State* state);

bool is_null(lua_State* state, int index);

/// The value at the top. False with a sentence in `fault` when it is no JSON. Raises nothing.
bool to_json(lua_State* state, json& out, std::string& fault);

} // namespace troupe::lua_values

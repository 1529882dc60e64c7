#pragma once

#include "runtime/core/result.hpp"
#include "runtime/expression/lua.hpp"
#include "runtime/expression/lua_meter.hpp"
#include "runtime/expression/lua_references.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

struct lua_State;

namespace troupe {

/// A chunk as every thread's interpreter knows it.
struct lua_source {
  /// Unique in the process; the key under which interpreters keep the compiled form.
  uint64_t id = 0;
  /// "expression" or "script", for messages.
  const char* kind = "expression";
  /// As written.
  std::string text;
  /// With `return` in front of an expression.
  std::string code;
  lua_reads reads;
};

/// One Lua state with its library and the chunks compiled so far. One thread only.
class lua_interpreter {
public:
  /// That of the calling thread.
  static lua_interpreter& local();

  lua_interpreter() = default;
  lua_interpreter(const lua_interpreter&) = delete;
  lua_interpreter& operator=(const lua_interpreter&) = delete;
  ~lua_interpreter();

  /// Compiles, or finds what was compiled before.
  result<int> load(const lua_source& source);

  /// Runs the chunk and leaves its first result on top of `state` while `use` looks at it, which must raise nothing.
  /// `host` and `raised` may be null (lua_chunk::evaluate).
  result<void> run(const lua_source& source, const scope& in, const lua_limits& limits,
                   const std::function<result<void>(lua_State*)>& use, const lua_host_call* host = nullptr,
                   json* raised = nullptr);

private:
  bool open();
  void close();
  void collect();
  error describe(const lua_source& source, int status, const lua_limits& limits, json* raised);

  lua_State* state_ = nullptr;
  lua_meter meter_;
  /// Registry references of compiled chunks by id.
  std::unordered_map<uint64_t, int> chunks_;
};

} // namespace troupe

#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/expression/references.hpp"
#include "runtime/expression/scope.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

struct lua_limits {
  /// VM instructions for one evaluation.
  uint64_t instructions = 1'000'000;
  /// Bytes of Lua heap.
  size_t memory = size_t{16} << 20;
};

/// A function of ours that a script may call under one name, with one value. What it yields is the call's value; a
/// failure is `nil, message, code` to the script. Must not throw.
struct lua_host_call {
  std::string name;
  std::function<result<json>(const json&)> call;
};

/// A compiled Lua 5.4 chunk in a sandbox: no io, os, load, require, debug, no bytecode, no wall clock,
/// no unseeded random (`math.random` is removed), so the same inputs give the same result.
///
/// The chunk sees the scope's members as globals (`input`, `item`, …), `steps` and `results`; JSON null
/// is the global `null`. An *expression* is a chunk without `return` ("steps.a.score >= 0.7"); a
/// *script* is one that returns a value itself.
///
/// Immutable and safe to share; each thread evaluates in its own interpreter.
class lua_chunk {
public:
  static result<lua_chunk> compile_expression(std::string_view text);
  static result<lua_chunk> compile_script(std::string_view text);

  const std::string& text() const;
  references reads() const;

  /// Runs the chunk and converts its first result to JSON. Fails with ERROR_CODE_EXPRESSION: a Lua error
  /// (with its line), the budget, the memory, or a value that is no JSON (function, cycle, NaN).
  /// `host`: may be null; then its name is as unknown as any. `raised`: gets the value of an error that is a table of
  /// JSON (`error({message = …})`), where it is not null.
  result<json> evaluate(const scope& in, const lua_limits& limits = {}, const lua_host_call* host = nullptr,
                        json* raised = nullptr) const;

  /// As a condition: nil, false and null are false, everything else is true (Lua's rule, plus null).
  result<bool> test(const scope& in, const lua_limits& limits = {}) const;

private:
  struct chunk;
  explicit lua_chunk(std::shared_ptr<const chunk> c);
  std::shared_ptr<const chunk> chunk_;
};

} // namespace troupe

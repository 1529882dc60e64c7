#include "runtime/expression/lua.hpp"
#include "runtime/core/json.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

namespace {

void run(const result<lua_chunk>& chunk) {
  static const json root = json::parse(R"({"input": {"a": [1, 2, {"b": "x"}], "text": "abcabcabc"}, "item": null,
    "steps": {"plan": {"score": 0.5, "é": []}}, "results": {"plan": {"status": "succeeded"}}})");
  constexpr lua_limits limits{.instructions = 20'000, .memory = size_t{4} << 20};
  if (!chunk) {
    require(!chunk.error().message.empty(), "an error has a sentence");
    return;
  }
  chunk->reads();
  const json_scope scope{root};
  const auto first = chunk->evaluate(scope, limits);
  const auto again = chunk->evaluate(scope, limits);
  require(first.has_value() == again.has_value(), "a chunk ends as it ended before");
  if (first)
    require(*first == *again, "a chunk yields what it yielded before");
  static_cast<void>(chunk->test(scope, limits));
}

} // namespace

/// An expression and a script at once.
void lua_source(std::string_view data) {
  const auto text = unfold(data);
  run(lua_chunk::compile_expression(text));
  run(lua_chunk::compile_script(text));
}

} // namespace troupe::fuzz

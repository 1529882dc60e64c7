#include "runtime/expression/lua.hpp"

#include "runtime/expression/lua_interpreter.hpp"
#include "runtime/expression/lua_references.hpp"
#include "runtime/expression/lua_values.hpp"
#include "runtime/expression/utf8.hpp"

#include <lua.hpp>

#include <atomic>
#include <utility>

namespace troupe {

namespace {

constexpr size_t lua_text_limit = 64 * 1024;

uint64_t next_id() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

} // namespace

struct lua_chunk::chunk {
  lua_source source;

  static result<std::shared_ptr<const chunk>> compile(const char* kind, std::string_view text, const char* prefix) {
    if (text.size() > lua_text_limit)
      return fail(v1::ERROR_CODE_INVALID_INPUT, std::string{"the "} + kind + " is longer than 64 KiB");
    if (!utf8::valid(text))
      return fail(v1::ERROR_CODE_INVALID_INPUT, std::string{"the "} + kind + " is no UTF-8 text");
    auto made = std::make_shared<chunk>();
    made->source = {next_id(), kind, std::string{text}, prefix + std::string{text}, read_lua_references(text)};
    if (made->source.reads.environment)
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  std::string{kind} + ": _ENV is not available; name the members directly");
    auto loaded = lua_interpreter::local().load(made->source);
    if (!loaded)
      return tl::unexpected{loaded.error()};
    return made;
  }
};

lua_chunk::lua_chunk(std::shared_ptr<const chunk> c) : chunk_{std::move(c)} {}

result<lua_chunk> lua_chunk::compile_expression(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the expression is empty");
  const auto rest = text.substr(first);
  if (rest.starts_with("return")
      && (rest.size() == 6 || std::string_view{" \t\r\n(\"'{"}.find(rest[6]) != std::string_view::npos))
    return fail(v1::ERROR_CODE_INVALID_INPUT, "expression:1: leave out `return`; an expression is its own value");
  auto compiled = chunk::compile("expression", text, "return ");
  if (!compiled)
    return tl::unexpected{compiled.error()};
  return lua_chunk{std::move(*compiled)};
}

result<lua_chunk> lua_chunk::compile_script(std::string_view text) {
  auto compiled = chunk::compile("script", text, "");
  if (!compiled)
    return tl::unexpected{compiled.error()};
  if (!(*compiled)->source.reads.returns)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "script: it returns nothing; end it with `return <value>`");
  return lua_chunk{std::move(*compiled)};
}

const std::string& lua_chunk::text() const {
  return chunk_->source.text;
}

references lua_chunk::reads() const {
  return chunk_->source.reads.all();
}

result<json> lua_chunk::evaluate(const scope& in, const lua_limits& limits, const lua_host_call* host,
                                 json* raised) const {
  json out;
  const auto& source = chunk_->source;
  auto convert = [&](lua_State* state) -> result<void> {
    std::string fault;
    if (lua_values::to_json(state, out, fault))
      return {};
    return fail(v1::ERROR_CODE_EXPRESSION, std::string{source.kind} + ": " + fault);
  };
  if (auto done = lua_interpreter::local().run(source, in, limits, convert, host, raised); !done)
    return tl::unexpected{done.error()};
  return out;
}

result<bool> lua_chunk::test(const scope& in, const lua_limits& limits) const {
  bool out = false;
  auto convert = [&](lua_State* state) -> result<void> {
    out = lua_toboolean(state, -1) != 0 && !lua_values::is_null(state, -1);
    return {};
  };
  if (auto done = lua_interpreter::local().run(chunk_->source, in, limits, convert); !done)
    return tl::unexpected{done.error()};
  return out;
}

} // namespace troupe

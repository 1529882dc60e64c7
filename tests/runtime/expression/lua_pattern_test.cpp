#include "runtime/expression/lua.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lua.hpp>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>

namespace troupe {
namespace {

using ::testing::HasSubstr;

result<json> run(std::string_view script, const json& input = nullptr) {
  const json root{{"input", input}};
  return lua_chunk::compile_script(script).value().evaluate(json_scope{root}, {200'000, size_t{16} << 20});
}

// What the script yields in Lua with its own library, as text; faults without their place.
std::string in_plain_lua(const std::string& script, const std::string& text, const std::string& pattern) {
  const std::unique_ptr<lua_State, void (*)(lua_State*)> state{luaL_newstate(), lua_close};
  luaL_openlibs(state.get());
  lua_pushlstring(state.get(), text.data(), text.size());
  lua_setglobal(state.get(), "text");
  lua_pushlstring(state.get(), pattern.data(), pattern.size());
  lua_setglobal(state.get(), "pattern");
  if (luaL_dostring(state.get(), script.c_str()) != LUA_OK)
    return "fault";
  return luaL_tolstring(state.get(), -1, nullptr);
}

std::string in_ours(const std::string& script, const std::string& text, const std::string& pattern) {
  const auto value =
      run("local text, pattern = input.text, input.pattern\n" + script, {{"text", text}, {"pattern", pattern}});
  if (!value)
    return "fault";
  return value->get<std::string>();
}

const char* const all_functions = R"lua(
  local out = {}
  local function add(...)
    for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end
    out[#out + 1] = ';'
  end
  add(string.find(text, pattern))
  add(string.find(text, pattern, 3))
  add(string.find(text, pattern, -2))
  add(string.match(text, pattern))
  add(string.gsub(text, pattern, '<%0>'))
  add(string.gsub(text, pattern, '<%1>', 2))
  add(string.gsub(text, pattern, function(x) return #tostring(x) end))
  local n = 0
  for a, b in string.gmatch(text, pattern) do
    add(a, b)
    n = n + 1
    if n > 50 then break end
  end
  return table.concat(out, ' ')
)lua";

TEST(lua_pattern, finds_matches_and_replaces_as_the_manual_says) {
  EXPECT_EQ(run("return {('hello world'):find('o w')}").value(), json({5, 7}));
  EXPECT_EQ(run("return {('key = value'):match('^(%w+)%s*=%s*(%w+)$')}").value(), json({"key", "value"}));
  EXPECT_EQ(run("return (('hello world'):gsub('o', '0'))").value(), "hell0 w0rld");
  EXPECT_EQ(run("return (('$name is $age'):gsub('%$(%w+)', {name = 'Bob', age = 7}))").value(), "Bob is 7");
  EXPECT_EQ(run("return {('THE (quick) fox'):find('%((%a+)%)')}").value(), json({5, 11, "quick"}));
  EXPECT_EQ(
      run("return {('f(a(b)c)d'):match('%b()'), ('THE (quick)'):match('%f[%a]%a+%f[%A]'), ('hello'):match('()ll()')}")
          .value(),
      json({"(a(b)c)", "THE", 3, 5}));
  EXPECT_EQ(
      run("return {(('a.b'):find('.', 1, true)), (('x'):rep(3, ',')), ('\"q\"'):match('([\"\\'])(.-)%1')}").value(),
      json({2, "x,x,x", "\"", "q"}));
  EXPECT_EQ(
      run("local t = array{} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t+1] = k .. v end return t").value(),
      json({"a1", "b2"}));
}

TEST(lua_pattern, refuses_malformed_patterns) {
  for (const auto* pattern : {"[a", "%", "(a", "%f", "%b", "%1", "[%"})
    EXPECT_FALSE(run("return ('aaa'):find(input)", pattern).has_value()) << pattern;
  EXPECT_THAT(run("return (('a'):gsub('a', '%2'))").error().message, HasSubstr("invalid capture index"));
}

TEST(lua_pattern, stops_when_backtracking_explodes) {
  EXPECT_THAT(run("return ('a'):rep(100):find(('.-'):rep(20) .. 'x')").error().message, HasSubstr("budget"));
  EXPECT_THAT(run("return ('a'):rep(100000):match('.*.*.*x')").error().message, HasSubstr("budget"));
  EXPECT_THAT(run("return ('(a'):rep(30) .. ('a'):rep(1000):gsub(('a*'):rep(10) .. 'b', '')").error().message,
              HasSubstr("budget"));
}

RC_GTEST_PROP(lua_pattern, agrees_with_lua, ()) {
  const auto text =
      *rc::gen::resize(12, rc::gen::container<std::string>(rc::gen::element('a', 'b', 'A', '1', ' ', '(', ')', '.')));
  const auto parts =
      *rc::gen::resize(7, rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                              "a", "b", ".", "%a", "%d", "%s", "%W", "[ab]", "[^a]", "[a-z1]", "[]]", "(", ")", "()",
                              "*", "+", "-", "?", "^", "$", "%b()", "%f[%w]", "%1", "%.", "[", "%")));
  std::string pattern;
  for (const auto& x : parts)
    pattern += x;
  RC_ASSERT(in_ours(all_functions, text, pattern) == in_plain_lua(all_functions, text, pattern));
}

} // namespace
} // namespace troupe

#include "runtime/expression/lua.hpp"
#include "tests/runtime/expression/json_generators.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

namespace troupe {
namespace {

using ::testing::HasSubstr;

const json lua_document = R"({
  "input": {"n": 4, "f": 2.0, "list": [1, 2, 3], "none": null, "empty": [], "object": {}},
  "steps": {"a": {"score": 0.75}, "skipped": null},
  "results": {"a": {"status": "success", "attempts": 2}}
})"_json;

result<json> expression(std::string_view text, const json& root = lua_document, const lua_limits& limits = {}) {
  auto chunk = lua_chunk::compile_expression(text);
  if (!chunk)
    return tl::unexpected{chunk.error()};
  return chunk->evaluate(json_scope{root}, limits);
}

result<json> script(std::string_view text, const json& root = lua_document, const lua_limits& limits = {}) {
  auto chunk = lua_chunk::compile_script(text);
  if (!chunk)
    return tl::unexpected{chunk.error()};
  return chunk->evaluate(json_scope{root}, limits);
}

std::string fault(const result<json>& x) {
  return x ? "value " + x->dump() : x.error().message;
}

TEST(lua, evaluates_expressions_over_the_scope) {
  EXPECT_EQ(expression("steps.a.score >= 0.7").value(), true);
  EXPECT_EQ(expression("#input.list + input.n").value(), 7);
  EXPECT_EQ(expression("results.a.status .. results.a.attempts").value(), "success2");
  EXPECT_EQ(expression("{x = {1, 2}, y = 'z'}").value(), (json{{"x", {1, 2}}, {"y", "z"}}));
  EXPECT_EQ(expression("1 -- a comment at the end").value(), 1);
}

TEST(lua, runs_scripts_that_return_a_value) {
  EXPECT_EQ(script("local sum = 0\nfor _, x in ipairs(input.list) do sum = sum + x end\nreturn {sum = sum}").value(),
            (json{{"sum", 6}}));
}

TEST(lua, keeps_integers_and_floats_apart) {
  EXPECT_TRUE(expression("input.n").value().is_number_integer());
  EXPECT_TRUE(expression("input.f").value().is_number_float());
  EXPECT_TRUE(expression("input.n / 2").value().is_number_float());
  EXPECT_EQ(expression("9007199254740993").value(), int64_t{9007199254740993});
}

TEST(lua, keeps_empty_arrays_and_objects_apart) {
  EXPECT_EQ(expression("input.empty").value().dump(), "[]");
  EXPECT_EQ(expression("input.object").value().dump(), "{}");
  EXPECT_EQ(expression("{}").value().dump(), "{}");
  EXPECT_EQ(expression("array{}").value().dump(), "[]");
  EXPECT_EQ(expression("array()").value().dump(), "[]");
  EXPECT_EQ(script("local t = input.empty t[1] = 'x' return t").value().dump(), "[\"x\"]");
}

TEST(lua, has_null_which_is_false_only_as_a_condition) {
  EXPECT_EQ(expression("input.none == null").value(), true);
  EXPECT_EQ(expression("input.none").value(), nullptr);
  EXPECT_EQ(expression("tostring(input.none)").value(), "null");
  // Below a skipped step everything is null, as in a JSONPath mapping.
  EXPECT_EQ(expression("steps.skipped.score.x").value(), nullptr);
  auto test = [](const char* text) {
    return lua_chunk::compile_expression(text).value().test(json_scope{lua_document}).value();
  };
  EXPECT_FALSE(test("input.none"));
  EXPECT_FALSE(test("nil"));
  EXPECT_FALSE(test("false"));
  EXPECT_TRUE(test("0"));
  EXPECT_TRUE(test("{}"));
}

TEST(lua, sees_all_steps_when_it_asks_for_them) {
  EXPECT_EQ(script("local ids = {} for id in pairs(steps) do ids[#ids + 1] = id end return ids").value(),
            json({"a", "skipped"}));
}

TEST(lua, reports_faults_with_their_line) {
  EXPECT_THAT(fault(script("local x = {}\nreturn x.y.z")), HasSubstr("script:2: attempt to index a nil value"));
  EXPECT_THAT(fault(expression("input.none + 1")), HasSubstr("attempt to perform arithmetic on a null value"));
  EXPECT_THAT(fault(expression("1 +")), HasSubstr("expression:1:"));
  EXPECT_THAT(fault(expression("input.n != 3")), HasSubstr("Lua writes ~="));
  EXPECT_THAT(fault(expression("true && false")), HasSubstr("Lua writes and, or, not"));
  EXPECT_THAT(fault(expression("return 1")), HasSubstr("leave out `return`"));
  EXPECT_THAT(fault(expression("  ")), HasSubstr("empty"));
  EXPECT_THAT(fault(script("local x = 1")), HasSubstr("returns nothing"));
  EXPECT_THAT(fault(script("error({1})\nreturn 1")), HasSubstr("an error that is a table"));
  EXPECT_EQ(expression("1 +").error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(expression("nil + 1").error().code, v1::ERROR_CODE_EXPRESSION);
}

TEST(lua, refuses_results_that_are_no_json) {
  EXPECT_EQ(fault(expression("{a = {1, function() end}}")),
            "expression: the result.a[2] is a function, which is no JSON");
  EXPECT_THAT(fault(expression("0/0")), HasSubstr("is not a number"));
  EXPECT_THAT(fault(expression("math.huge")), HasSubstr("is infinite"));
  EXPECT_THAT(fault(expression("'\\xFF'")), HasSubstr("no UTF-8"));
  EXPECT_THAT(fault(expression("{1, nil, 3}")), HasSubstr("holes"));
  EXPECT_THAT(fault(expression("{1, x = 2}")), HasSubstr("both names and positions"));
  EXPECT_THAT(fault(expression("{[true] = 1}")), HasSubstr("a key that is a boolean"));
  EXPECT_THAT(fault(script("local t = {} t.t = t return t")), HasSubstr("contains itself"));
  EXPECT_THAT(fault(script("local t = {1} for i = 1, 60 do t = {t, t} end return t")), HasSubstr("too large"));
}

TEST(lua, has_no_way_out_of_the_sandbox) {
  for (const auto* name : {"io", "os", "load", "loadstring", "loadfile", "dofile", "require", "package", "debug",
                           "print", "collectgarbage", "setmetatable", "getmetatable", "rawset", "coroutine", "_G",
                           "math.random", "math.randomseed", "string.dump"})
    EXPECT_EQ(expression(std::string{name} + " == nil").value(), true) << name;
  EXPECT_THAT(fault(expression("_ENV.io")), HasSubstr("_ENV is not available"));
  EXPECT_THAT(fault(lua_chunk::compile_script("\x1bLua return 1").has_value() ? result<json>{1} : result<json>{2}),
              HasSubstr("2"));
}

TEST(lua, leaves_nothing_behind_for_the_next_evaluation) {
  EXPECT_EQ(script("leak = 1 return leak").value(), 1);
  EXPECT_EQ(expression("leak").value(), nullptr);
  const auto twice = lua_chunk::compile_script("count = (count or 0) + 1 return count").value();
  EXPECT_EQ(twice.evaluate(json_scope{lua_document}).value(), 1);
  EXPECT_EQ(twice.evaluate(json_scope{lua_document}).value(), 1);
  EXPECT_THAT(fault(script("string.upper = nil return 1")), HasSubstr("cannot be changed"));
  EXPECT_THAT(fault(script("table.insert(math, 1) return 1")), HasSubstr("cannot be changed"));
  EXPECT_EQ(script("local t = input.list t[1] = 99 return 0").value(), 0);
  EXPECT_EQ(expression("input.list[1]").value(), 1);
}

TEST(lua, stops_endless_loops_even_when_they_catch_errors) {
  const lua_limits limits{100'000, size_t{16} << 20};
  EXPECT_THAT(fault(script("while true do end return 1", lua_document, limits)),
              HasSubstr("budget of 100000 instructions"));
  EXPECT_THAT(fault(script("while true do pcall(function() while true do end end) end return 1", lua_document, limits)),
              HasSubstr("budget"));
  EXPECT_THAT(
      fault(script("local function f() return pcall(f) end while true do f() end return 1", lua_document, limits)),
      HasSubstr("budget"));
  EXPECT_THAT(fault(script("return string.rep('', 1 << 60)", lua_document, limits)), HasSubstr("budget"));
  EXPECT_THAT(fault(script("table.move({}, 1, math.maxinteger - 1, 2) return 1", lua_document, limits)),
              HasSubstr("budget"));
  // And the interpreter works as before.
  EXPECT_EQ(expression("1 + 1").value(), 2);
}

TEST(lua, stops_chunks_that_hoard_memory) {
  const lua_limits limits{10'000'000, size_t{1} << 20};
  EXPECT_THAT(fault(script("local t = {} for i = 1, 1e7 do t[i] = {} end return 1", lua_document, limits)),
              HasSubstr("more than its 1048576 bytes"));
  EXPECT_THAT(fault(script("return #string.rep('x', 1 << 22)", lua_document, limits)), HasSubstr("bytes of memory"));
  EXPECT_EQ(
      script("for i = 1, 100 do local s = string.rep('x', 1 << 18) end return 'fine'", lua_document, limits).value(),
      "fine");
  EXPECT_EQ(expression("1 + 1").value(), 2);
}

TEST(lua, survives_recursion_without_end) {
  EXPECT_THAT(fault(script("local function f() return 1 + f() end return f()")),
              ::testing::AnyOf(HasSubstr("stack overflow"), HasSubstr("bytes of memory")));
  EXPECT_FALSE(lua_chunk::compile_expression(std::string(1000, '(') + "1" + std::string(1000, ')')).has_value());
}

TEST(lua, visits_keys_in_order_whatever_the_hash_seed) {
  const auto keys = script(R"lua(
    local t = {zeta = 1, alpha = 2, [3] = 3, [1] = 4, [2.5] = 5, [true] = 6, mid = 7}
    local out = {}
    for k in pairs(t) do out[#out + 1] = tostring(k) end
    return out
  )lua");
  EXPECT_EQ(keys.value(), json({"1", "2.5", "3", "alpha", "mid", "zeta", "true"}));
  EXPECT_EQ(script("local t = {b = 1, a = 2} local k = next(t) return {k, (next(t, k)), next(t, 'b') == nil}").value(),
            json({"a", "b", true}));
  EXPECT_EQ(expression("next({}) == nil").value(), true);
  EXPECT_EQ(script("local n = 0 local t = {a=1,b=2,c=3} for k in pairs(t) do t.b = nil n = n + 1 end return n").value(),
            2);
}

TEST(lua, sorts_and_keeps_equal_elements_in_their_order) {
  EXPECT_EQ(script("local t = {3, 1, 2} table.sort(t) return t").value(), json({1, 2, 3}));
  EXPECT_EQ(script("local t = {'b', 'a'} table.sort(t, function(x, y) return x > y end) return t").value(),
            json({"b", "a"}));
  EXPECT_EQ(script(R"lua(
    local t = {}
    for i = 1, 1000 do t[i] = {key = i % 3, at = i} end
    table.sort(t, function(x, y) return x.key < y.key end)
    for i = 2, #t do
      local a, b = t[i - 1], t[i]
      if a.key > b.key or (a.key == b.key and a.at > b.at) then return i end
    end
    return 'stable'
  )lua")
                .value(),
            "stable");
  EXPECT_THAT(fault(script("table.sort({1, 'a'}) return 1")), HasSubstr("attempt to compare"));
}

RC_GTEST_PROP(lua, sorts_as_the_standard_library_does, (std::vector<int> values)) {
  const json root{{"input", values}};
  std::sort(values.begin(), values.end());
  RC_ASSERT(script("table.sort(input) return input", root).value() == json(values));
}

TEST(lua, shows_no_addresses) {
  EXPECT_EQ(expression("tostring({}) .. tostring(print) .. tostring(tostring)").value(), "tablenilfunction");
  EXPECT_EQ(expression("string.format('%s %d %5.2f %%', {}, 3, 1.5)").value(), "table 3  1.50 %");
  EXPECT_THAT(fault(expression("('%p'):format({})")), HasSubstr("address"));
}

TEST(lua, evaluates_one_chunk_on_many_threads) {
  const auto chunk = lua_chunk::compile_expression("input.n * 2").value();
  std::vector<std::thread> threads;
  std::array<int, 4> sums{};
  for (size_t t = 0; t < sums.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i)
        sums[t] += chunk.evaluate(json_scope{lua_document}).value().get<int>();
    });
  for (auto& t : threads)
    t.join();
  EXPECT_THAT(sums, ::testing::Each(1600));
}

TEST(lua, forgets_old_chunks_but_not_how_to_run_them) {
  const auto old = lua_chunk::compile_expression("input.n + 1").value();
  for (int i = 0; i < 3000; ++i)
    ASSERT_TRUE(lua_chunk::compile_expression("input.n + " + std::to_string(i)).has_value());
  EXPECT_EQ(old.evaluate(json_scope{lua_document}).value(), 5);
}

RC_GTEST_PROP(lua, gives_back_every_json_value_as_it_was, (const json& value)) {
  const json root{{"input", value}};
  const auto back = expression("input", root).value();
  RC_ASSERT(back == value);
  // Also the kinds of numbers and of empty containers.
  RC_ASSERT(back.dump() == value.dump());
}

RC_GTEST_PROP(lua, gives_the_same_result_twice, (const json& value)) {
  const json root{{"input", value}};
  const auto chunk = lua_chunk::compile_script(R"lua(
    local out = {}
    local function walk(x)
      if type(x) == 'table' then for k, v in pairs(x) do out[#out + 1] = tostring(k) walk(v) end end
    end
    walk(input)
    return table.concat(out, ' ')
  )lua")
                         .value();
  RC_ASSERT(chunk.evaluate(json_scope{root}).value() == chunk.evaluate(json_scope{root}).value());
}

} // namespace
} // namespace troupe

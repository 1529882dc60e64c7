#include "runtime/expression/lua_references.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using names = std::set<std::string>;

TEST(lua_references, finds_steps_by_name_and_by_quoted_name) {
  EXPECT_EQ(read_lua_references("steps.a.score + steps['b'].x + steps [ \"c-d\" ].y").steps, (names{"a", "b", "c-d"}));
  EXPECT_EQ(read_lua_references("results.a.status == 'failed'").results, names{"a"});
  EXPECT_EQ(read_lua_references("steps.a .. results.b.error").all().steps, (names{"a", "b"}));
}

TEST(lua_references, depends_on_every_step_when_none_is_named) {
  EXPECT_TRUE(read_lua_references("#steps").all_steps);
  EXPECT_TRUE(read_lua_references("for k in pairs(results) do end").all_results);
  EXPECT_TRUE(read_lua_references("steps[input.name]").all_steps);
  EXPECT_TRUE(read_lua_references("steps['a' .. 'b']").all().all_steps);
  EXPECT_FALSE(read_lua_references("steps.a.x").all().all_steps);
}

TEST(lua_references, ignores_texts_comments_and_fields) {
  const auto reads = read_lua_references(R"lua(
    -- steps.comment
    --[==[ steps.long
      item ]==]
    local text = "steps.quoted \" steps.x" .. [[steps.bracket]] .. input.steps.deep
    return {steps = 1, item = steps.real, text, x.results}
  )lua");
  EXPECT_EQ(reads.steps, names{"real"});
  EXPECT_FALSE(reads.all_steps);
  EXPECT_FALSE(reads.all_results);
  EXPECT_EQ(reads.members, (names{"input", "x"}));
}

TEST(lua_references, leaves_out_the_library_and_what_the_chunk_declares) {
  const auto reads = read_lua_references(R"lua(
    local a <const>, b = 1, 2
    local function helper(p, q)
      return p + q + item
    end
    for i, v in ipairs(input) do
      a = a + v * i
    end
    return helper(a, b) + math.floor(index)
  )lua");
  EXPECT_EQ(reads.members, (names{"index", "input", "item"}));
}

TEST(lua_references, keeps_a_member_that_a_local_takes_its_value_from) {
  EXPECT_EQ(read_lua_references("local input = input\nreturn input.x").members, names{"input"});
}

TEST(lua_references, notices_return_and_the_environment) {
  EXPECT_TRUE(read_lua_references("return 1").returns);
  EXPECT_FALSE(read_lua_references("x = 'return'").returns);
  EXPECT_TRUE(read_lua_references("_ENV['steps']").environment);
}

} // namespace
} // namespace troupe

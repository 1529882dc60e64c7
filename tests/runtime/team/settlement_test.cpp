#include "runtime/team/settlement.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(settlement_test, reads_what_a_person_may_say) {
  for (const auto* text :
       {R"({"keep": "current"})", R"({"keep": "proposed"})", R"({"value": null})", R"({"value": [1]})"})
    EXPECT_TRUE(read_settlement(text)) << text;
}

TEST(settlement_test, reads_nothing_else) {
  auto deep = R"({"value": )" + std::string(100, '[') + std::string(100, ']') + "}";
  for (const auto& text : {std::string{"current"}, std::string{"{}"}, std::string{R"({"valu": 1})"},
                           std::string{R"({"keep": "mine"})"}, std::string{R"(["keep"])"}, std::string{}, deep})
    EXPECT_FALSE(read_settlement(text)) << text;
}

} // namespace
} // namespace troupe

#include "runtime/aggregation/aggregate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;

struct aggregate_test : ::testing::Test {
  std::shared_ptr<aggregation_spec> spec = std::make_shared<aggregation_spec>();
  aggregation_request request;

  aggregate_test() {
    request.spec = spec;
    request.at_ms = 1'767'349'800'000;
  }

  void success(const std::string& id, const json& output, std::optional<double> confidence = {},
               std::optional<double> quality = {}) {
    request.branches.push_back({id, true, std::make_shared<const std::string>(output.dump()), {}, confidence, quality});
  }

  void failure(const std::string& id, const std::string& why) {
    request.branches.push_back({id, false, nullptr, why, {}, {}});
  }

  json made() {
    auto out = aggregate(request);
    EXPECT_TRUE(out) << (out ? "" : out.error().message);
    auto text = aggregate_as_text(request);
    EXPECT_TRUE(text.has_value());
    if (text && out) {
      EXPECT_EQ(json::parse(text->text), *out);
      const auto& quality = (*out)["metadata"]["quality_score"];
      EXPECT_EQ(text->quality ? json(*text->quality) : json{}, quality);
    }
    return out ? *out : json{};
  }
};

TEST_F(aggregate_test, merge_all_has_the_shape_of_the_source_material) {
  success("agent_1", {{"x", 1}}, {}, 0.8);
  success("agent_2", {{"x", 2}}, {}, 0.84);
  failure("agent_3", "timed_out: no answer in 60 s");
  EXPECT_EQ(made(), json::parse(R"({
    "aggregated_result": {"agent_1": {"x": 1}, "agent_2": {"x": 2}},
    "metadata": {
      "strategy": "merge_all",
      "sources": ["agent_1", "agent_2"],
      "total_agents": 3,
      "successful_agents": 2,
      "failed_agents": [{"agent": "agent_3", "error": "timed_out: no answer in 60 s"}],
      "partial": true,
      "quality_score": 0.82,
      "timestamp": "2026-01-02T10:30:00Z"
    }
  })"));
}

TEST_F(aggregate_test, best_result_goes_by_the_lua_score) {
  spec->how = aggregation_spec::strategy::best_result;
  spec->score = *lua_chunk::compile_expression("#output.text");
  success("short", {{"text", "ab"}});
  success("long", {{"text", "abcdef"}});
  auto out = made();
  EXPECT_EQ(out["aggregated_result"]["text"], "abcdef");
  EXPECT_EQ(out["metadata"]["winner"], "long");
  EXPECT_EQ(out["metadata"]["scores"], (json{{"short", 2}, {"long", 6}}));
}

TEST_F(aggregate_test, best_result_goes_by_the_quality_that_agents_report) {
  spec->how = aggregation_spec::strategy::best_result;
  success("a", 1, {}, 0.3);
  success("b", 2, {}, 0.7);
  EXPECT_EQ(made()["aggregated_result"], 2);
  EXPECT_EQ(made()["metadata"]["quality_score"], 0.7);
}

TEST_F(aggregate_test, best_result_refuses_a_score_that_is_no_number) {
  spec->how = aggregation_spec::strategy::best_result;
  spec->score = *lua_chunk::compile_expression("'high'");
  success("a", 1);
  auto out = aggregate(request);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, v1::ERROR_CODE_EXPRESSION);
  EXPECT_THAT(out.error().message, HasSubstr("must yield a number"));
}

TEST_F(aggregate_test, consensus_needs_the_threshold) {
  spec->how = aggregation_spec::strategy::consensus;
  spec->key = *jsonpath::parse("$.verdict");
  success("a", {{"verdict", "yes"}});
  success("b", {{"verdict", "yes"}});
  success("c", {{"verdict", "no"}});
  auto out = made();
  EXPECT_EQ(out["aggregated_result"], "yes");
  EXPECT_NEAR(out["metadata"]["agreement"].get<double>(), 2.0 / 3, 1e-9);
  EXPECT_FALSE(out["metadata"].contains("flag_for_review"));
  spec->threshold = 0.7;
  out = made();
  EXPECT_EQ(out["aggregated_result"], nullptr);
  EXPECT_EQ(out["metadata"]["flag_for_review"], true);
}

TEST_F(aggregate_test, consensus_weighs_by_confidence_when_told_so) {
  spec->how = aggregation_spec::strategy::consensus;
  success("a", "yes", 0.9);
  success("b", "no", 0.3);
  success("c", "no", 0.2);
  EXPECT_EQ(made()["aggregated_result"], "no");
  spec->weighted = true;
  EXPECT_EQ(made()["aggregated_result"], "yes");
}

TEST_F(aggregate_test, reduce_folds_with_lua) {
  spec->how = aggregation_spec::strategy::reduce;
  spec->reduce = *lua_chunk::compile_expression("accumulator + item");
  spec->initial = 10;
  success("a", 1);
  failure("b", "down");
  success("c", 3);
  EXPECT_EQ(made()["aggregated_result"], 14);
}

TEST_F(aggregate_test, quotes_names_of_branches_whatever_they_are) {
  success("plain", 1);
  success("with \"quotes\" and \\", 2);
  success("zwölf\n", {{"deep", json::array({1, "\x7f"})}});
  success("", nullptr);
  EXPECT_EQ(made()["aggregated_result"].size(), 4u);
}

TEST_F(aggregate_test, has_nothing_where_nothing_succeeded) {
  failure("a", "timed_out: no answer");
  EXPECT_EQ(made()["aggregated_result"], json::object());
}

} // namespace
} // namespace troupe

#include "documents.hpp"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using strategy = aggregation_spec::strategy;
using wait_for = aggregation_spec::wait;
using shortfall = aggregation_spec::shortfall;

std::string around(const std::string& aggregate) {
  return with_steps("  - {id: x, parallel: {agents: [a, b, c], aggregate: " + aggregate + "}}\n");
}

/// The aggregate of a valid document with three branches; the defaults when it is not valid.
aggregation_spec spec_of(const std::string& aggregate) {
  auto loaded = load(around(aggregate));
  return loaded ? *std::get<parallel_step>(step_of(*loaded).body).aggregate : aggregation_spec{};
}

TEST(aggregate, merges_all_by_default) {
  auto spec = spec_of("{}");
  EXPECT_EQ(spec.how, strategy::merge_all);
  EXPECT_EQ(spec.until, wait_for::all);
  EXPECT_EQ(spec.minimum_required, 1u);
  EXPECT_FALSE(spec.require_all);
}

TEST(aggregate, waits_as_told) {
  EXPECT_EQ(spec_of("{wait: first}").until, wait_for::first);
  auto valid = spec_of("{wait: any_valid, valid: \"output.ok and confidence > 0.5\"}");
  EXPECT_EQ(valid.until, wait_for::any_valid);
  EXPECT_EQ(valid.valid->text(), "output.ok and confidence > 0.5");
  auto quorum = spec_of("{wait: {quorum: 2}, deadline: 30s}");
  EXPECT_EQ(quorum.until, wait_for::quorum);
  EXPECT_EQ(quorum.quorum, 2u);
  EXPECT_EQ(quorum.deadline, milliseconds{30'000});
}

TEST(aggregate, takes_one_or_more_actions_on_a_shortfall) {
  auto one = spec_of("{minimum_required: 2, on_shortfall: escalate}");
  EXPECT_EQ(one.minimum_required, 2u);
  EXPECT_THAT(one.on_shortfall, ElementsAre(shortfall::escalate));
  auto many = spec_of("{minimum_required: all, on_shortfall: [retry, fallback], fallback: c}");
  EXPECT_TRUE(many.require_all);
  EXPECT_THAT(many.on_shortfall, ElementsAre(shortfall::retry, shortfall::fallback));
  EXPECT_EQ(std::get<agent_step>(many.fallback->body).input->source(), json({{"partial", "$.partial"}}));
}

TEST(aggregate, counts_a_minimum_of_zero_as_one) {
  EXPECT_EQ(spec_of("{minimum_required: 0}").minimum_required, 1u);
}

TEST(aggregate, has_the_keys_of_its_strategy) {
  auto best = spec_of("{strategy: best_result, score: \"#output.text\"}");
  EXPECT_EQ(best.how, strategy::best_result);
  EXPECT_EQ(best.score->text(), "#output.text");
  EXPECT_EQ(spec_of("{strategy: best_result, scorer: c}").scorer, "c");
  auto consensus = spec_of("{strategy: consensus, threshold: 0.75, key: \"$.verdict\", weights: confidence}");
  EXPECT_EQ(consensus.how, strategy::consensus);
  EXPECT_EQ(consensus.threshold, 0.75);
  EXPECT_EQ(consensus.key->text(), "$.verdict");
  EXPECT_TRUE(consensus.weighted);
  EXPECT_EQ(spec_of("{strategy: consensus}").threshold, 0.6);
  EXPECT_EQ(spec_of("{strategy: synthesis, agent: a}").agent, "a");
  auto reduce = spec_of("{strategy: reduce, reduce: \"accumulator + item.n\", initial: 0}");
  EXPECT_EQ(reduce.reduce->text(), "accumulator + item.n");
  EXPECT_EQ(reduce.initial, json(0));
}

TEST(aggregate, refuses_keys_that_its_strategy_does_not_read) {
  EXPECT_THAT(faults_of(around("{threshold: 0.5}")),
              ElementsAre("doc:8:66: steps[0].parallel.aggregate.threshold: `threshold` has no meaning under strategy "
                          "merge_all; remove it"));
  EXPECT_THAT(faults_of(around("{strategy: consensus, agent: a}")), ElementsAre(HasSubstr("under strategy consensus")));
}

TEST(aggregate, refuses_what_its_strategy_cannot_do_without) {
  EXPECT_THAT(faults_of(around("{strategy: synthesis}")), ElementsAre(HasSubstr("synthesis needs an `agent`")));
  EXPECT_THAT(faults_of(around("{strategy: reduce}")), ElementsAre(HasSubstr("reduce needs `reduce`")));
  EXPECT_THAT(faults_of(around("{strategy: reduce, reduce: \"1\", agent: a}")),
              ElementsAre(HasSubstr("both `reduce` and")));
  EXPECT_THAT(faults_of(around("{strategy: best_result, score: \"1\", scorer: a}")),
              ElementsAre(HasSubstr("both `score` and `scorer`")));
}

TEST(aggregate, refuses_what_can_never_be_reached) {
  EXPECT_THAT(faults_of(around("{wait: {quorum: 4}}")),
              ElementsAre(HasSubstr("a quorum of 4 among 3 branches can never be reached")));
  EXPECT_THAT(faults_of(around("{minimum_required: 4}")),
              ElementsAre(HasSubstr("4 successes among 3 branches can never be reached")));
  EXPECT_THAT(faults_of(around("{wait: first, minimum_required: 2}")),
              ElementsAre(HasSubstr("asks for more successes than `wait` waits for")));
  EXPECT_THAT(faults_of(around("{wait: {quorum: 2}, minimum_required: all}")),
              ElementsAre(HasSubstr("asks for more successes than `wait` waits for")));
}

TEST(aggregate, ties_its_fallback_to_the_shortfall) {
  EXPECT_THAT(faults_of(around("{on_shortfall: [retry, fallback]}")),
              ElementsAre(HasSubstr("but there is no `fallback`")));
  EXPECT_THAT(faults_of(around("{fallback: a}")), ElementsAre(HasSubstr("only when `on_shortfall` names it")));
}

TEST(aggregate, has_a_fallback_that_sees_the_partial_result) {
  EXPECT_TRUE(load(around("{on_shortfall: fallback, fallback: {agent: a, input: \"$.partial.metadata\"}}")));
  EXPECT_THAT(faults_of(around("{on_shortfall: fallback, fallback: {agent: a, input: \"$.error\"}}")),
              ElementsAre(HasSubstr("it has input, steps, results, run, partial;")));
}

TEST(aggregate, refuses_wrong_values) {
  EXPECT_THAT(faults_of(around("{strategy: merge, wait: none, on_shortfall: give_up, minimum_required: most}")),
              ElementsAre(StartsWith("doc:8:65: steps[0].parallel.aggregate.strategy: expected one of best_result"),
                          HasSubstr("aggregate.wait: expected one of all, first, any_valid"),
                          HasSubstr("aggregate.minimum_required: expected all, found the text"),
                          HasSubstr("aggregate.on_shortfall: expected one of escalate, fail, fallback, retry")));
  EXPECT_THAT(faults_of(around("{strategy: consensus, threshold: 0}")), ElementsAre(HasSubstr("a threshold of zero")));
  EXPECT_THAT(faults_of(around("{strategy: consensus, threshold: 1.5}")),
              ElementsAre(HasSubstr("from 0 to 1, found 1.5")));
  EXPECT_THAT(faults_of(around("{strategy: consensus, key: verdict}")), ElementsAre(HasSubstr("aggregate.key: ")));
}

TEST(aggregate, has_functions_that_see_results_only) {
  EXPECT_THAT(
      faults_of(around("{strategy: best_result, score: \"output.n * input.weight\"}")),
      ElementsAre(HasSubstr("this expression sees output, confidence, quality, agent and nothing else of the run")));
  EXPECT_THAT(faults_of(around("{valid: \"steps.y.ok\"}")),
              ElementsAre(HasSubstr("sees output, confidence, quality and")));
}

} // namespace
} // namespace troupe

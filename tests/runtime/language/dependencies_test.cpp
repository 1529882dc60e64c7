#include "documents.hpp"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using positions = std::vector<uint32_t>;

/// depends_on of each top-level step of a valid document.
std::vector<positions> dependencies_of(const std::string& steps, const std::string& more = {}) {
  std::vector<positions> out;
  if (auto loaded = load(with_steps(steps) + more))
    for (auto& s : steps_of(*loaded).steps)
      out.push_back(s.depends_on);
  return out;
}

TEST(dependencies, follow_from_references_in_mappings) {
  EXPECT_THAT(dependencies_of(R"(  - {id: x, agent: a}
  - {id: y, agent: b, input: {t: ["$.steps.x.text", "$.input.y"]}}
  - {id: z, agent: c, input: "$.results['y'].status"}
)"),
              ElementsAre(positions{}, positions{0}, positions{1}));
}

TEST(dependencies, follow_from_conditions) {
  EXPECT_THAT(dependencies_of(R"(  - {id: x, agent: a}
  - {id: y, agent: b, when: "steps.x.score > 0.5 and results['x'].status == 'succeeded'"}
)"),
              ElementsAre(positions{}, positions{0}));
}

TEST(dependencies, follow_from_needs_in_either_direction) {
  EXPECT_THAT(dependencies_of("  - {id: x, agent: a, needs: [z]}\n  - {id: y, agent: b}\n  - {id: z, agent: c}\n"),
              ElementsAre(positions{2}, positions{}, positions{}));
}

TEST(dependencies, of_an_inner_step_on_an_outer_one_belong_to_the_step_that_contains_it) {
  auto loaded = load(with_steps(R"(  - {id: x, agent: a}
  - id: y
    steps:
      - {id: first, agent: b}
      - id: second
        parallel:
          branches:
            one: {agent: b, input: "$.steps.x"}
            two: {steps: [{id: deep, agent: c, input: ["$.steps.first", "$.steps.x"]}]}
)"));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(step_of(*loaded, 1).depends_on, ElementsAre(0u));
  auto& inner = std::get<group_step>(step_of(*loaded, 1).body).steps;
  EXPECT_THAT(inner[0].depends_on, IsEmpty());
  EXPECT_THAT(inner[1].depends_on, ElementsAre(0u));
}

TEST(dependencies, come_from_every_part_of_a_step) {
  for (auto part : {
           R"(agent: a, fallback: {agent: b, input: "$.steps.x"})",
           R"(agent: a, on_error: {output: "$.steps.x"})",
           R"(choose: [{when: "steps.x", agent: a}])",
           R"(choose: [{when: "true", agent: a, input: "$.steps.x"}])",
           R"(choose: [{otherwise: {agent: a, when: "steps.x"}}])",
           R"(parallel: {each: "$.steps.x", agent: a})",
           R"(parallel: {each: [1], agent: a, input: ["$.item", "$.steps.x"]})",
           R"(parallel: {agents: [{agent: a, input: "$.steps.x"}]})",
           R"(parallel: {agents: [a], aggregate: {on_shortfall: fallback, fallback: {agent: b, input: "$.steps.x"}}})",
           R"(steps: [{id: i, agent: a}], output: "$.steps.x")",
           R"(steps: [{id: i, agent: a, needs: [x]}])",
       })
    EXPECT_THAT(dependencies_of(std::string{"  - {id: x, agent: a}\n  - {id: y, "} + part + "}\n"),
                ElementsAre(positions{}, positions{0}))
        << part;
}

TEST(dependencies, of_a_reference_that_names_no_step_are_all_steps_before) {
  EXPECT_THAT(dependencies_of(R"(  - {id: x, agent: a}
  - {id: y, agent: b}
  - {id: z, agent: c, input: "$.steps[*]"}
  - {id: u, agent: c}
)"),
              ElementsAre(positions{}, positions{}, positions{0, 1}, positions{}));
}

TEST(dependencies, under_sequential_order_are_a_chain) {
  EXPECT_THAT(
      dependencies_of("  - {id: x, agent: a}\n  - {id: y, agent: b}\n  - {id: z, agent: c, input: \"$.steps.x\"}\n",
                      "order: sequential\n"),
      ElementsAre(positions{}, positions{0}, positions{0, 1}));
}

TEST(dependencies, find_the_inner_step_first) {
  auto loaded = load(with_steps(R"(  - {id: x, agent: a}
  - {id: y, steps: [{id: x, agent: b}, {id: z, agent: c, input: "$.steps.x"}], output: "$.steps.z"}
)"));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(step_of(*loaded, 1).depends_on, IsEmpty());
  EXPECT_THAT(std::get<group_step>(step_of(*loaded, 1).body).steps[1].depends_on, ElementsAre(0u));
}

TEST(dependencies, do_not_come_from_the_outputs_of_groups) {
  EXPECT_THAT(
      dependencies_of("  - {id: x, agent: a}\n  - {id: y, agent: b}\n", "output: [\"$.steps.y\", \"$.steps.x\"]\n"),
      ElementsAre(positions{}, positions{}));
}

TEST(dependencies, in_a_circle_are_told_with_the_whole_circle) {
  EXPECT_THAT(faults_of(with_steps(R"(  - {id: w, agent: a}
  - {id: x, agent: a, input: "$.steps.z"}
  - {id: y, agent: b, needs: [x]}
  - {id: z, agent: c, when: "steps.y"}
)")),
              ElementsAre("doc:9:5: steps[1]: steps wait for each other in a circle: x → z → y → x; remove one of the "
                          "references or `needs`"));
}

TEST(dependencies, in_a_circle_through_the_inside_of_steps_are_found) {
  EXPECT_THAT(faults_of(with_steps(R"(  - {id: x, steps: [{id: i, agent: a, input: "$.steps.y"}]}
  - {id: y, agent: b, input: "$.steps.x"}
)")),
              ElementsAre(HasSubstr("x → y → x")));
}

TEST(dependencies, on_a_later_step_contradict_sequential_order) {
  EXPECT_THAT(faults_of(with_steps("  - {id: x, agent: a, input: \"$.steps.y\"}\n  - {id: y, agent: b}\n")
                        + "order: sequential\n"),
              ElementsAre(HasSubstr("under `order: sequential` a step can only refer to steps before it")));
}

TEST(reference, to_itself_is_a_fault) {
  EXPECT_THAT(faults_of(with_steps("  - {id: x, agent: a, input: [1, \"$.steps.x\"]}\n")),
              ElementsAre(StartsWith("doc:8:34: steps[0].input[1]: the step \"x\" cannot wait for itself")));
  EXPECT_THAT(
      faults_of(with_steps("  - {id: x, steps: [{id: y, agent: a, needs: [x]}]}\n")),
      ElementsAre(StartsWith("doc:8:47: steps[0].steps[0].needs[0]: the step \"x\" cannot wait for itself or")));
}

TEST(reference, to_no_step_names_the_visible_ones) {
  EXPECT_THAT(
      faults_of(with_steps("  - {id: plan, agent: a}\n  - {id: y, agent: b, input: {a: \"$.steps.paln.x\"}}\n")),
      ElementsAre("doc:9:34: steps[1].input.a: no step \"paln\" is visible here; visible are plan; did you mean "
                  "\"plan\"?"));
  EXPECT_THAT(faults_of(with_steps("  - {id: x, agent: a, needs: [y]}\n")),
              ElementsAre("doc:8:31: steps[0].needs[0]: no step \"y\" is visible here; no other step is"));
}

TEST(reference, into_another_step_is_a_fault_that_says_where_the_step_is) {
  EXPECT_THAT(
      faults_of(with_steps("  - {id: x, steps: [{id: deep, agent: a}]}\n  - {id: y, agent: b, needs: [deep]}\n")),
      ElementsAre(HasSubstr("there is one at steps[0].steps[0], but what is inside of a step is seen from outside "
                            "only through that step's own output")));
}

TEST(reference, between_branches_is_a_fault) {
  EXPECT_THAT(
      faults_of(with_steps(R"(  - id: x
    parallel:
      branches:
        - {id: one, agent: a}
        - {id: two, agent: b, input: "$.steps.one"}
)")),
      ElementsAre(StartsWith("doc:12:38: steps[0].parallel.branches[1].input: no step \"one\" is visible here")));
}

} // namespace
} // namespace troupe

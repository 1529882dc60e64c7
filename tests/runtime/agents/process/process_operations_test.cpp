// Turns of a team: operations that a process asks for before its result.
#include "tests/runtime/agents/process/process_core_fixture.hpp"

namespace troupe {
namespace {

using namespace test;

struct process_operations_test : process_core_fixture {};

v1::Task make_turn(uint32_t number) {
  auto out = make_task(number);
  out.mutable_turn()->set_role("writer");
  out.mutable_turn()->set_context(R"({"role": "writer"})");
  return out;
}

TEST_F(process_operations_test, passes_operations_on_and_their_answers_back) {
  core.submit(make_turn(1), now);
  core.started(now);
  auto request = take<write>();
  ASSERT_EQ(request.size(), 1u);
  EXPECT_EQ(json::parse(request[0].line)["turn"]["role"], "writer");
  core.output(R"({"task_id": "r/1", "op": "ask", "to": "editor", "content": "?", "id": "x7"})"
              "\n",
              now);
  auto wishes = take<operate>();
  ASSERT_EQ(wishes.size(), 1u);
  EXPECT_EQ(wishes[0].op.ask().to(), "editor");
  EXPECT_EQ(wishes[0].op.number(), 1u);
  EXPECT_EQ(wishes[0].op.attempt(), 1u);
  EXPECT_EQ(wishes[0].op.epoch(), 5u);
  v1::OpAnswer answer;
  answer.set_attempt(1);
  answer.set_value("42");
  core.operated(wishes[0].task_id, wishes[0].tag, answer);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(json::parse(back[0].line), R"({"task_id": "r/1", "answer_to": "x7", "value": 42})"_json);
}

TEST_F(process_operations_test, refuses_operations_of_a_task_that_is_no_turn) {
  core.submit(make_task(1), now);
  core.started(now);
  core.take_actions();
  core.output(R"({"task_id": "r/1", "op": "inbox", "id": 1})"
              "\n",
              now);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(json::parse(back[0].line)["error"]["code"], "forbidden");
}

TEST_F(process_operations_test, says_what_is_wrong_with_an_operation) {
  core.submit(make_turn(1), now);
  core.started(now);
  core.take_actions();
  core.output(R"({"task_id": "r/1", "op": "put", "artifact": "a", "id": 1})"
              "\n",
              now);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(json::parse(back[0].line)["error"]["message"], "operation put needs `value`");
}

TEST_F(process_operations_test, tells_what_became_of_an_operation_whose_task_has_ended_meanwhile) {
  core.submit(make_turn(1), now);
  core.started(now);
  core.output(answer_line(1), now);
  core.take_actions();
  v1::OpAnswer cancelled;
  cancelled.mutable_error()->set_code(v1::ERROR_CODE_CANCELLED);
  core.operated("r/1", "1", cancelled);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u) << "the program may wait for it";
  EXPECT_EQ(json::parse(back[0].line)["error"]["code"], "cancelled");
}

TEST_F(process_operations_test, refuses_operations_of_a_task_that_has_ended) {
  core.submit(make_turn(1), now);
  core.started(now);
  core.output(answer_line(1), now);
  core.take_actions();
  core.output(R"({"task_id": "r/1", "op": "put", "artifact": "a", "value": 1, "id": 7})"
              "\n",
              now);
  EXPECT_TRUE(take<operate>().empty());
}

TEST_F(process_operations_test, says_so_to_a_program_that_goes_on_in_a_task_that_has_ended) {
  core.submit(make_turn(1), now);
  core.started(now);
  core.output(answer_line(1), now);
  core.take_actions();
  core.output(R"({"task_id": "r/1", "op": "notify", "content": 1, "id": 7})"
              "\n",
              now);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(json::parse(back[0].line),
            R"({"task_id": "r/1", "answer_to": 7,
                "error": {"code": "cancelled", "message": "this task has ended: nothing more can be done in it"}})"_json);
}

} // namespace
} // namespace troupe

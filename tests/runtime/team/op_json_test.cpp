#include "runtime/team/op_json.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

std::string fault_of(const json& x) {
  auto op = parse_operation(x);
  return op ? "" : op.error().message;
}

TEST(op_json, reads_a_question) {
  auto op = parse_operation(R"({"op": "ask", "to": "researcher", "content": {"q": 1}, "priority": "high",
                                "timeout_seconds": 1.5})"_json);
  ASSERT_TRUE(op);
  EXPECT_EQ(op->ask().to(), "researcher");
  EXPECT_EQ(op->ask().content(), R"({"q":1})");
  EXPECT_EQ(op->ask().priority(), 50);
  EXPECT_EQ(op->ask().timeout_ms(), 1'500U);
}

TEST(op_json, reads_the_message_of_the_source_material) {
  auto op = parse_operation(R"({"to": "researcher", "type": "request", "content": "?", "artifacts": []})"_json);
  ASSERT_TRUE(op);
  EXPECT_STREQ(name_of(*op), "ask");
}

TEST(op_json, passes_over_what_a_message_in_the_form_of_the_template_has_besides) {
  auto asked = parse_operation(
      R"({"id": "msg-001", "timestamp": "2026-01-02T10:30:00Z", "from": "writer", "to": "researcher", "type": "request",
          "content": "?", "priority": "normal", "requires_response": true, "timeout_seconds": 60})"_json);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->ask().to(), "researcher");
  auto answered = parse_operation(
      R"({"type": "response", "from": "a", "to": "b", "in_reply_to": "msg-1", "content": 1, "priority": "high"})"_json);
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_EQ(answered->answer().request(), "msg-1");
  EXPECT_FALSE(parse_operation(R"({"op": "ask", "to": "b", "content": 1, "from": "a"})"_json)) << "no template";
}

TEST(op_json, carries_the_artifacts_that_a_message_is_about) {
  auto ask = parse_operation(R"({"op": "ask", "to": "b", "content": 1, "artifacts": ["draft", "notes"]})"_json);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->ask().artifacts_size(), 2);
  EXPECT_EQ(parse_operation(R"({"op": "notify", "content": 1, "artifacts": ["a"]})"_json)->notify().artifacts(0), "a");
  EXPECT_EQ(parse_operation(R"({"op": "handoff", "to": "b", "artifacts": ["a"]})"_json)->handoff().artifacts(0), "a");
  EXPECT_EQ(parse_operation(R"({"op": "answer", "request": "msg-1", "content": 1, "artifacts": ["a"]})"_json)
                ->answer()
                .artifacts(0),
            "a");
}

TEST(op_json, waits_for_no_response_that_is_not_required) {
  auto op = parse_operation(R"({"type": "request", "to": "b", "content": {"n": 1}, "priority": "low",
                                "requires_response": false, "artifacts": ["draft"]})"_json);
  ASSERT_TRUE(op);
  ASSERT_STREQ(name_of(*op), "notify");
  EXPECT_EQ(op->notify().to(), "b");
  EXPECT_EQ(op->notify().content(), R"({"n":1})");
  EXPECT_EQ(op->notify().priority(), -50);
  EXPECT_EQ(op->notify().artifacts(0), "draft");
  EXPECT_STREQ(name_of(*parse_operation(R"({"op": "ask", "to": "b", "content": 1, "requires_response": true})"_json)),
               "ask");
}

TEST(op_json, tells_an_absent_version_from_version_0) {
  EXPECT_FALSE(parse_operation(R"({"op": "put", "artifact": "a", "value": 1})"_json)->put().has_expected_version());
  EXPECT_TRUE(parse_operation(R"({"op": "put", "artifact": "a", "value": 1, "expected_version": 0})"_json)
                  ->put()
                  .has_expected_version());
}

TEST(op_json, names_what_is_wrong_and_what_would_be_right) {
  EXPECT_EQ(fault_of("put"), "an operation is an object with `op`; this is string");
  EXPECT_EQ(fault_of(R"({"op": "write"})"_json),
            "there is no operation \"write\"; there are ask, answer, notify, handoff, put, get, decide, question, log, "
            "inbox");
  EXPECT_EQ(fault_of(R"({"op": "ask", "content": 1})"_json), "operation ask needs `to` (text)");
  EXPECT_EQ(fault_of(R"({"op": "put", "artifact": "a"})"_json), "operation put needs `value`");
  EXPECT_EQ(fault_of(R"({"op": "put", "artefact": "a", "value": 1})"_json),
            "operation put has no member \"artefact\"; it has artifact, value, expected_version, confidence");
  EXPECT_EQ(fault_of(R"({"op": "put", "artifact": "a", "value": 1, "confidence": 2})"_json),
            "operation put `confidence` must be a number from 0.0 to 1.0");
  EXPECT_EQ(fault_of(R"({"op": "answer", "content": 1})"_json), "operation answer needs `request` (text)");
  EXPECT_EQ(fault_of(R"({"op": "notify", "to": 7, "content": 1})"_json), "operation notify `to` must be a text");
  EXPECT_EQ(fault_of(R"({"op": "notify", "content": 1, "requires_response": true})"_json),
            "operation notify has no response: use ask where the answer is needed");
  EXPECT_EQ(fault_of(R"({"op": "handoff", "content": 1})"_json), "operation handoff needs `to` (text)");
  EXPECT_EQ(fault_of(R"({"op": "handoff", "to": "b", "priority": "urgent"})"_json),
            "operation handoff `priority` must be low, normal, high, or a number from -100 to 100");
  EXPECT_EQ(fault_of(R"({"op": "get", "artifact": "a", "version": -1})"_json),
            "operation get `version` must be a number from 0.0 to 9e+15");
  EXPECT_EQ(fault_of(R"({"op": "decide", "reason": "why not"})"_json), "operation decide needs `decision`");
  EXPECT_EQ(fault_of(R"({"op": "question"})"_json), "operation question needs `question` (text)");
  EXPECT_EQ(fault_of(R"({"op": "log", "text": 1})"_json), "operation log `text` must be a text");
  EXPECT_EQ(fault_of(R"({"op": "inbox", "from": "b"})"_json), "operation inbox has no member \"from\"; it has none");
  EXPECT_EQ(fault_of(R"({"op": "ask", "to": "b", "content": 1, "artifacts": ["no name"]})"_json),
            "operation ask `artifacts` must be a list of names of artifacts, at most 64");
  EXPECT_EQ(fault_of(R"({"op": "ask", "to": "b", "content": 1, "requires_response": "yes"})"_json),
            "operation ask `requires_response` must be true or false");
}

TEST(op_json, shows_answers_and_refusals) {
  v1::OpAnswer answer;
  answer.set_value(R"({"version": 2})");
  EXPECT_EQ(answer_to_json(answer), R"({"value": {"version": 2}})"_json);
  answer.mutable_error()->set_code(v1::ERROR_CODE_DEADLOCK);
  answer.mutable_error()->set_message("a circle");
  EXPECT_EQ(answer_to_json(answer), R"({"error": {"code": "deadlock", "message": "a circle"}})"_json);
}

} // namespace
} // namespace troupe

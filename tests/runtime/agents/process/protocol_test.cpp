#include "runtime/agents/process/protocol.hpp"

#include "runtime/agents/process/line_splitter.hpp"
#include "runtime/core/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

TEST(encode_request, writes_one_line_with_what_an_agent_needs) {
  v1::Task task;
  task.set_run_id("r");
  task.set_task(12);
  task.set_attempt(2);
  task.set_idempotency_key("k\"");
  task.set_timeout_ms(500);
  task.mutable_input()->set_data("{\n  \"a\": \"x\\ny\"\r\n}");
  auto line = encode_request(task);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->find('\n'), line->size() - 1);
  EXPECT_EQ(json::parse(*line), (json{{"task_id", "r/12"},
                                      {"attempt", 2},
                                      {"idempotency_key", "k\""},
                                      {"timeout_ms", 500},
                                      {"input", {{"a", "x\ny"}}}}));
}

TEST(encode_request, makes_a_string_of_text_and_null_of_nothing) {
  v1::Task task;
  EXPECT_EQ(json::parse(*encode_request(task))["input"], json());
  task.mutable_input()->set_content_type("text/plain");
  task.mutable_input()->set_data("two\nlines");
  EXPECT_EQ(json::parse(*encode_request(task))["input"], json("two\nlines"));
}

TEST(encode_request, refuses_what_is_no_json) {
  v1::Task task;
  task.mutable_input()->set_data("{\"a\":1}\n{\"task_id\":\"forged\"}");
  EXPECT_FALSE(encode_request(task));
}

TEST(parse_line, reads_answers) {
  auto line = parse_line(
      R"({"task_id": "r/1", "output": {"a": 1}, "confidence": 0.5, "quality": 1, "usage": {"tokens_in": 3, "usd": 0.1}})");
  auto& x = std::get<process_answer>(line);
  EXPECT_EQ(x.task_id, "r/1");
  EXPECT_EQ(x.result.status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(x.result.output().data(), R"({"a":1})");
  EXPECT_EQ(x.result.confidence(), 0.5);
  EXPECT_EQ(x.result.quality(), 1);
  EXPECT_EQ(x.result.usage().tokens_in(), 3u);
  EXPECT_EQ(x.result.usage().usd(), 0.1);
}

TEST(parse_line, reads_errors_with_codes_of_ours_and_of_others) {
  auto ours =
      parse_line(R"({"task_id": "r/1", "error": {"code": "invalid_input", "message": "no", "retryable": true}})");
  auto& x = std::get<process_answer>(ours).result;
  EXPECT_EQ(x.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(x.error().code(), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(x.error().message(), "no");
  EXPECT_TRUE(x.error().retryable());
  auto others = parse_line(R"({"task_id": "r/1", "error": {"code": "E42", "message": "no"}})");
  EXPECT_EQ(std::get<process_answer>(others).result.error().code(), v1::ERROR_CODE_AGENT_FAILED);
  EXPECT_EQ(std::get<process_answer>(others).result.error().message(), "E42: no");
  auto text = parse_line(R"({"task_id": "r/1", "error": "no"})");
  EXPECT_EQ(std::get<process_answer>(text).result.error().message(), "no");
}

TEST(parse_line, reads_progress_in_its_three_forms) {
  EXPECT_EQ(std::get<process_progress>(parse_line(R"({"task_id": "r/1", "progress": 0.5})")).fraction, 0.5);
  auto both =
      std::get<process_progress>(parse_line(R"({"task_id": "r/1", "progress": {"fraction": 0.5, "note": "n"}})"));
  EXPECT_EQ(both.note, "n");
  EXPECT_EQ(both.fraction, 0.5);
  auto note = std::get<process_progress>(parse_line(R"({"task_id": "r/1", "progress": "reading"})"));
  EXPECT_EQ(note.note, "reading");
  EXPECT_LT(note.fraction, 0);
}

TEST(parse_line, calls_everything_else_garbage) {
  for (auto* line : {"", "hello", "[]", "{}", R"({"task_id": 1, "output": 1})", R"({"task_id": "r/1"})",
                     R"({"output": 1})", "{\"task_id\": \"r/1\", \"output\": \"\xff\"}"})
    EXPECT_TRUE(std::holds_alternative<process_garbage>(parse_line(line))) << line;
  EXPECT_TRUE(std::holds_alternative<process_garbage>(parse_line(std::string(100'000, '['))));
}

RC_GTEST_PROP(line_splitter, finds_the_same_lines_however_the_bytes_arrive, (std::vector<std::string> lines)) {
  std::string all;
  std::vector<std::string> expected;
  size_t long_ones = 0;
  for (auto& line : lines) {
    std::erase_if(line, [](char c) { return c == '\n' || c == '\r'; });
    all += line + "\n";
    if (line.size() <= 8)
      expected.push_back(line);
    else
      ++long_ones;
  }
  line_splitter splitter{8};
  std::vector<std::string> found;
  size_t skipped = 0;
  for (std::string_view rest = all; !rest.empty();) {
    auto n = *rc::gen::inRange<size_t>(1, rest.size() + 1);
    splitter.feed(
        rest.substr(0, n), [&](std::string_view line) { found.emplace_back(line); }, [&] { ++skipped; });
    rest.remove_prefix(n);
  }
  RC_ASSERT(found == expected);
  RC_ASSERT(skipped == long_ones);
}

} // namespace
} // namespace troupe

#include "runtime/agents/llm/cassette.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

cassette_entry entry(std::string key, std::string chunk) {
  return {std::move(key), json{{"model", "m"}}, 200, "application/json", {std::move(chunk)}};
}

http_request request(json body) {
  http_request out;
  out.body = body.dump();
  return out;
}

std::string key_of(json body) {
  return cassette_key(canonical_request(request(std::move(body))).value());
}

TEST(cassette_test, plays_back_what_was_recorded) {
  cassette_entry sent{"k", json{{"model", "m"}}, 200, "text/event-stream", {"data: ä\n\n", "data: \"b\"\n\n"}};
  auto text = to_line(sent, "");
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  auto read = cassette::parse(text, "c.jsonl");
  ASSERT_TRUE(read) << read.error().message;
  auto* found = read->take("k");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, 200);
  EXPECT_EQ(found->content_type, sent.content_type);
  EXPECT_EQ(found->chunks, sent.chunks);
  EXPECT_EQ(found->request, sent.request);
  EXPECT_EQ(read->take("other"), nullptr);
}

TEST(cassette_test, plays_equal_requests_in_their_order_and_repeats_the_last) {
  cassette x;
  x.add(entry("k", "1"));
  x.add(entry("other", "-"));
  x.add(entry("k", "2"));
  EXPECT_EQ(x.take("k")->chunks[0], "1");
  EXPECT_EQ(x.take("k")->chunks[0], "2");
  EXPECT_EQ(x.take("k")->chunks[0], "2");
  EXPECT_EQ(x.take("other")->chunks[0], "-");
}

TEST(cassette_test, keys_a_request_by_what_decides_the_answer) {
  json plain{{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}};
  auto streamed = plain;
  streamed["stream"] = true;
  streamed["stream_options"] = {{"include_usage", true}};
  EXPECT_EQ(key_of(plain), key_of(streamed));
  EXPECT_EQ(key_of(plain).size(), 64u);
  auto other = plain;
  other["temperature"] = 0.5;
  EXPECT_NE(key_of(plain), key_of(other));
  auto same = request(plain);
  same.headers = {{"Authorization", "Bearer x"}, {"traceparent", "00-1"}};
  same.url = "http://elsewhere";
  EXPECT_EQ(cassette_key(canonical_request(same).value()), key_of(plain));
}

TEST(cassette_test, records_json_objects_alone) {
  http_request odd;
  odd.body = "hello";
  EXPECT_FALSE(canonical_request(odd));
  odd.body = "[]";
  EXPECT_FALSE(canonical_request(odd));
}

TEST(cassette_test, keeps_no_secret) {
  auto line = to_line(entry("k", "you sent sk-secret"), "sk-secret");
  EXPECT_THAT(line, Not(HasSubstr("sk-secret")));
  EXPECT_TRUE(cassette::parse(line, "c"));
}

TEST(cassette_test, names_the_line_that_is_wrong) {
  auto good = to_line(entry("k", "1"), "");
  auto fault = [&](const std::string& bad) {
    auto read = cassette::parse(good + "\n" + bad + "\n" + good, "c.jsonl");
    return read ? std::string{} : read.error().message;
  };
  EXPECT_THAT(fault("{broken"), HasSubstr("c.jsonl:3: "));
  EXPECT_THAT(fault("{}"), HasSubstr("expected {key"));
  EXPECT_THAT(fault(R"({"key":1,"request":{},"response":{"status":200,"content_type":"","chunks":[]}})"),
              HasSubstr("c.jsonl:3: "));
  EXPECT_EQ(fault(""), "");
}

TEST(cassette_test, bears_with_a_last_line_that_was_never_finished) {
  auto line = to_line(entry("k", "1"), "");
  auto read = cassette::parse(line + line.substr(0, line.size() / 2), "c");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size(), 1u);
  // Whole but for its newline.
  EXPECT_EQ(cassette::parse(line + line.substr(0, line.size() - 1), "c")->size(), 2u);
}

RC_GTEST_PROP(cassette_law, cuts_a_body_without_losing_a_byte, (const std::string& a, const std::string& b)) {
  auto body = a + "\n\n" + b;
  std::string joined;
  for (auto& part : split_events(body))
    joined += part;
  RC_ASSERT(joined == body);
}

} // namespace
} // namespace troupe

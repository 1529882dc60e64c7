#include "runtime/team/given_message.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace troupe {
namespace {

TEST(given_message, is_the_template_as_it_stands) {
  std::ifstream file{std::string{TROUPE_SOURCE_DIR} + "/tests/specs/message.json"};
  auto message = read_given_message(json::parse(file)["message"]);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->from, "writer");
  EXPECT_EQ(message->to, "researcher");
  EXPECT_EQ(message->type, v1::AgentMessage::TYPE_REQUEST);
  EXPECT_EQ(message->content, "Need additional data on competitor pricing");
  EXPECT_EQ(message->priority, 0);
  EXPECT_TRUE(message->requires_response);
  EXPECT_EQ(message->timeout_ms, 60'000U);
}

TEST(given_message, is_an_event_where_it_says_nothing_else) {
  auto message = read_given_message({{"to", "writer"}});
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, v1::AgentMessage::TYPE_EVENT);
  EXPECT_FALSE(message->requires_response);
}

TEST(given_message, may_be_a_request_that_wants_no_response) {
  EXPECT_FALSE(read_given_message({{"type", "request"}, {"requires_response", false}})->requires_response);
}

struct wrong_message {
  json given;
  const char* said;
};

class wrong_messages : public testing::TestWithParam<wrong_message> {};

TEST_P(wrong_messages, are_refused_with_what_they_may_hold) {
  auto message = read_given_message(GetParam().given);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(message.error().message, GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    members, wrong_messages,
    testing::Values(
        wrong_message{"hello", "a message is an object with from, to, type and content; this is string"},
        wrong_message{{{"form", "writer"}},
                      "a message has no member \"form\"; it has from, to, type, content, priority, "
                      "requires_response, timeout_seconds, artifacts"},
        wrong_message{{{"to", 7}}, "`to` of a message is the name of a role; this is 7"},
        wrong_message{{{"type", "requst"}},
                      "`type` of a message is one of request, response, handoff, feedback, event; this is \"requst\""},
        wrong_message{{{"priority", "urgent"}},
                      "`priority` of a message is one of low, normal, high, or a number from -100 to 100; this is "
                      "\"urgent\""},
        wrong_message{{{"priority", 101}},
                      "`priority` of a message is one of low, normal, high, or a number from -100 to 100; this is 101"},
        wrong_message{{{"requires_response", "yes"}},
                      "`requires_response` of a message is true or false; this is \"yes\""},
        wrong_message{{{"artifacts", "draft"}},
                      "`artifacts` of a message is a list of names of artifacts, at most 64; this is \"draft\""},
        wrong_message{
            {{"artifacts", {"a", "no name"}}},
            "`artifacts` of a message is a list of names of artifacts, at most 64; this is [\"a\",\"no name\"]"},
        wrong_message{{{"timeout_seconds", -1}},
                      "`timeout_seconds` of a message is a number from 0 to 86400; this is -1"}));

} // namespace
} // namespace troupe

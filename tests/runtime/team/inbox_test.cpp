#include "runtime/team/inbox.hpp"

#include "runtime/core/json_io.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

team_message request(std::string id, int32_t priority, int64_t sent_ms) {
  team_message out;
  out.id = std::move(id);
  out.from = "writer";
  out.to = "researcher";
  out.type = v1::AgentMessage::TYPE_REQUEST;
  out.content = "?";
  out.priority = priority;
  out.sent_ms = sent_ms;
  out.requires_response = true;
  return out;
}

RC_GTEST_PROP(team_message, has_the_text_of_its_json, (const std::string& who)) {
  auto x = request("msg-7", *rc::gen::inRange(-1, 2), *rc::gen::inRange<int64_t>(0, 2'000'000'000'000));
  x.from = who;
  x.type = *rc::gen::element(v1::AgentMessage::TYPE_REQUEST, v1::AgentMessage::TYPE_EVENT);
  x.content = {{"said", who}, {"b", 1}};
  x.requires_response = *rc::gen::arbitrary<bool>();
  x.timeout_ms = *rc::gen::element(0U, 250U, 30'000U);
  x.in_reply_to = *rc::gen::element<std::string>("", "msg-1");
  RC_ASSERT(to_text(x) == print_json(to_json(x)));
}

TEST(inbox, serves_the_more_urgent_request_first) {
  inbox box{10'000};
  box.put(request("a", 0, 0));
  box.put(request("b", 50, 5));
  EXPECT_EQ(box.next_request(10)->id, "b");
}

TEST(inbox, lets_an_old_request_overtake_a_more_urgent_new_one) {
  inbox box{10'000};
  box.put(request("old", 0, 0));
  box.put(request("new", 50, 10'500));
  EXPECT_EQ(box.next_request(10'500)->id, "old");
}

TEST(inbox, serves_equals_in_the_order_of_arrival) {
  inbox box{10'000};
  box.put(request("a", 0, 7));
  box.put(request("b", 0, 7));
  EXPECT_EQ(box.next_request(7)->id, "a");
  EXPECT_TRUE(box.take("a"));
  EXPECT_EQ(box.next_request(7)->id, "b");
  EXPECT_FALSE(box.take("a"));
}

TEST(inbox, hands_notices_over_once_and_keeps_requests) {
  inbox box{10'000};
  box.put(request("a", 0, 0));
  auto notice = request("n", 0, 0);
  notice.requires_response = false;
  box.put(notice);
  EXPECT_EQ(box.take_notices().size(), 1U);
  EXPECT_TRUE(box.take_notices().empty());
  EXPECT_EQ(box.waiting().size(), 1U);
}

TEST(inbox, shows_a_message_as_the_template_has_it) {
  auto message = request("msg-001", 0, 1'767'349'800'000);
  message.timeout_ms = 60'000;
  message.content = "Need additional data on competitor pricing";
  EXPECT_EQ(to_json(message), R"({"id": "msg-001", "timestamp": "2026-01-02T10:30:00Z", "from": "writer",
    "to": "researcher", "type": "request", "content": "Need additional data on competitor pricing",
    "priority": "normal", "requires_response": true, "timeout_seconds": 60.0})"_json);
}

RC_GTEST_PROP(inbox, serves_every_request_in_the_end, (const std::vector<uint8_t>& priorities)) {
  inbox box{1'000};
  int64_t now = 0;
  for (size_t i = 0; i < priorities.size(); ++i)
    box.put(request(std::to_string(i), priorities[i] % 101, now += 10));
  // While ever more urgent ones arrive, those that wait grow older: none is passed by for more than its ageing allows.
  for (size_t i = 0; i < priorities.size(); ++i) {
    box.put(request("new " + std::to_string(i), 100, now += 3'000));
    RC_ASSERT(box.take(box.next_request(now)->id).has_value());
  }
  size_t old = 0;
  for (const auto& x : box.waiting())
    old += x.id.starts_with("new") ? 0 : 1;
  RC_ASSERT(old <= 1);
}

} // namespace
} // namespace troupe

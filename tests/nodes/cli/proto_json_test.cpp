#include "nodes/cli/proto_json.hpp"

#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/journal.pb.h"

#include <gtest/gtest.h>

namespace troupe::cli {

TEST(proto_json, writes_enum_values_without_their_prefix) {
  v1::RunSummary x;
  x.set_run_id("r1");
  x.set_state(v1::RUN_STATE_SUCCEEDED);
  auto out = to_json(x);
  EXPECT_EQ(out["state"], "succeeded");
  EXPECT_EQ(out["run_id"], "r1");
}

TEST(proto_json, shows_members_without_a_value) {
  auto out = to_json(v1::RunSummary{});
  EXPECT_EQ(out["workflow"], "");
  EXPECT_EQ(out["epoch"], 0);
}

TEST(proto_json, leaves_out_unset_messages_and_optional_members) {
  auto out = to_json(v1::TaskResult{});
  EXPECT_FALSE(out.contains("error"));
  EXPECT_FALSE(out.contains("confidence"));
}

TEST(proto_json, shows_only_the_chosen_member_of_a_oneof) {
  v1::RunEvent x;
  x.mutable_timer_fired()->set_timer(3);
  EXPECT_EQ(to_json(x), json({{"at_ms", 0}, {"timer_fired", {{"timer", 3}}}}));
}

TEST(proto_json, opens_payloads_that_hold_json) {
  v1::TaskResult x;
  x.mutable_output()->set_data(R"({"a":[1,2]})");
  EXPECT_EQ(to_json(x)["output"], json::parse(R"({"a":[1,2]})"));
}

TEST(proto_json, keeps_other_payloads_with_their_type) {
  v1::Payload x;
  x.set_content_type("text/plain");
  x.set_data("[1]");
  EXPECT_EQ(to_json(x), json({{"content_type", "text/plain"}, {"data", "[1]"}}));
  x.set_content_type("application/octet-stream");
  x.set_data(std::string("\xff\x00\x01\x02", 4));
  EXPECT_EQ(to_json(x)["data"], json({{"base64", "/wABAg=="}}));
}

TEST(proto_json, writes_maps_as_objects) {
  v1::NodeInfo x;
  (*x.mutable_labels())["zone"] = "a";
  EXPECT_EQ(to_json(x)["labels"], json({{"zone", "a"}}));
}

TEST(bytes_to_json, leaves_text_alone_that_is_too_deep_to_write_again) {
  std::string deep(100'000, '[');
  deep += std::string(100'000, ']');
  EXPECT_TRUE(bytes_to_json(deep).is_string());
}

TEST(bytes_to_json, is_null_for_nothing) {
  EXPECT_EQ(bytes_to_json(""), nullptr);
}

} // namespace troupe::cli

#include "runtime/agents/function/payload_codec.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

v1::Payload payload(std::string type, std::string data) {
  v1::Payload out;
  out.set_content_type(std::move(type));
  out.set_data(std::move(data));
  return out;
}

TEST(payload_to_json, reads_json_and_text) {
  EXPECT_EQ(payload_to_json(payload("", "[1]")), json::array({1}));
  EXPECT_EQ(payload_to_json(payload("application/json; charset=utf-8", "1")), json(1));
  EXPECT_EQ(payload_to_json(payload("text/plain", "[1]")), json("[1]"));
  EXPECT_EQ(payload_to_json(v1::Payload{}), json());
}

TEST(payload_to_json, refuses_other_types_and_broken_text) {
  EXPECT_FALSE(payload_to_json(payload("application/octet-stream", "x")));
  EXPECT_FALSE(payload_to_json(payload("text/plain", "\xff")));
  auto broken = payload_to_json(payload("", "{\"a\":"));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, v1::ERROR_CODE_INVALID_INPUT);
}

TEST(payload_to_message, reads_protobuf_and_its_json_mapping) {
  v1::Usage in;
  in.set_tokens_in(7);
  v1::Usage out;
  ASSERT_TRUE(payload_to_message(protobuf_payload(in), out));
  EXPECT_EQ(out.tokens_in(), 7u);
  ASSERT_TRUE(payload_to_message(payload("", R"({"tokens_in": 8})"), out));
  EXPECT_EQ(out.tokens_in(), 8u);
}

TEST(payload_to_message, refuses_another_type_and_unknown_members) {
  v1::Usage out;
  EXPECT_FALSE(payload_to_message(protobuf_payload(v1::Error{}), out));
  EXPECT_FALSE(payload_to_message(payload("", R"({"tokens": 8})"), out));
  EXPECT_FALSE(payload_to_message(payload("text/plain", "x"), out));
}

TEST(protobuf_json_payload, keeps_the_names_of_the_fields) {
  v1::Usage in;
  in.set_usd(0.5);
  auto out = protobuf_json_payload(in);
  ASSERT_TRUE(out);
  EXPECT_EQ(json::parse(out->data()), (json{{"tokens_in", "0"}, {"tokens_out", "0"}, {"usd", 0.5}}));
}

} // namespace
} // namespace troupe

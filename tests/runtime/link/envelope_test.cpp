#include "runtime/link/envelope.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

v1::Envelope hello(const std::string& cluster = "c", const std::string& protocol = link_protocol) {
  v1::Envelope out;
  auto& x = *out.mutable_hello();
  x.set_protocol(protocol);
  x.set_cluster(cluster);
  x.set_name("w1");
  x.set_boot_id("b1");
  x.set_role("worker");
  return out;
}

TEST(envelope, is_the_same_on_the_wire_with_and_without_a_copy_of_its_body) {
  v1::Envelope whole;
  whole.set_id(7);
  whole.set_to_boot_id("b");
  auto& batch = *whole.mutable_task_batch();
  batch.add_tasks()->set_agent("a");
  v1::Envelope head;
  head.set_id(7);
  head.set_to_boot_id("b");
  std::string bytes;
  append_envelope(bytes, head, envelope_field<v1::TaskBatch>, batch);
  EXPECT_EQ(bytes, whole.SerializeAsString());
}

TEST(envelope, with_more_parts_than_the_limit_is_refused_before_it_is_built) {
  v1::Envelope bomb;
  for (int i = 0; i < 200'000; ++i)
    bomb.mutable_task_batch()->add_tasks();
  v1::Envelope out;
  auto refused = parse_envelope(bomb.SerializeAsString(), out, {.max_objects = 100'000});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_FALSE(out.has_task_batch());
  EXPECT_TRUE(parse_envelope(bomb.SerializeAsString(), out));
}

TEST(envelope, of_one_large_payload_is_one_part) {
  v1::Envelope large;
  large.mutable_task_batch()->add_tasks()->mutable_input()->set_data(std::string(1 << 20, 'x'));
  v1::Envelope out;
  EXPECT_TRUE(parse_envelope(large.SerializeAsString(), out, {.max_objects = 10}));
}

RC_GTEST_PROP(envelope, of_garbage_is_an_error_or_an_envelope, (std::string bytes)) {
  v1::Envelope out;
  (void)parse_envelope(bytes, out);
  // The counted path sees the same bytes once they are long enough.
  auto padded = bytes + std::string(70'000, '\x0a');
  (void)parse_envelope(padded, out);
}

TEST(hello, of_the_same_cluster_and_protocol_is_welcome) {
  EXPECT_TRUE(check_hello(hello(), hello().hello()));
}

TEST(hello, of_another_kind_is_refused_with_the_reason) {
  auto own = hello().hello();
  auto code = [&](const v1::Envelope& x) { return check_hello(x, own).error().code; };
  EXPECT_EQ(code(hello("other")), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_EQ(code(hello("c", "troupe/2")), v1::ERROR_CODE_FORBIDDEN);
  auto king = hello();
  king.mutable_hello()->set_role("king");
  EXPECT_EQ(code(king), v1::ERROR_CODE_FORBIDDEN);
  auto nameless = hello();
  nameless.mutable_hello()->clear_boot_id();
  EXPECT_EQ(code(nameless), v1::ERROR_CODE_INVALID_INPUT);
  v1::Envelope other;
  other.mutable_list_nodes();
  EXPECT_EQ(code(other), v1::ERROR_CODE_INVALID_INPUT);
}

TEST(recipient, of_another_life_is_fenced) {
  v1::Envelope x;
  x.set_to_boot_id("b1");
  EXPECT_TRUE(check_recipient(x, "b1"));
  EXPECT_EQ(check_recipient(x, "b2").error().code, v1::ERROR_CODE_FENCED);
  EXPECT_EQ(check_recipient({}, "b2").error().code, v1::ERROR_CODE_FENCED);
}

} // namespace
} // namespace troupe

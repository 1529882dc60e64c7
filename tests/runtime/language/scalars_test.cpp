#include "runtime/language/duration.hpp"
#include "runtime/language/nearest.hpp"
#include "runtime/language/sha256.hpp"
#include "runtime/language/yaml_scalar.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

TEST(yaml_scalar, resolves_numbers_as_the_core_schema_says) {
  EXPECT_EQ(resolve_plain_scalar("12"), json(12));
  EXPECT_EQ(resolve_plain_scalar("-12"), json(-12));
  EXPECT_EQ(resolve_plain_scalar("+7"), json(7));
  EXPECT_EQ(resolve_plain_scalar("0o17"), json(15));
  EXPECT_EQ(resolve_plain_scalar("0xfF"), json(255));
  EXPECT_EQ(resolve_plain_scalar("1.5"), json(1.5));
  EXPECT_EQ(resolve_plain_scalar(".5"), json(0.5));
  EXPECT_EQ(resolve_plain_scalar("-1.e3"), json(-1000.0));
  EXPECT_EQ(resolve_plain_scalar("18446744073709551615"), json(18446744073709551615ULL));
  EXPECT_EQ(resolve_plain_scalar("-9223372036854775808"), json(INT64_MIN));
}

TEST(yaml_scalar, turns_integers_beyond_64_bits_into_floating_point) {
  EXPECT_EQ(resolve_plain_scalar("18446744073709551616"), json(18446744073709551616.0));
  EXPECT_EQ(resolve_plain_scalar("0x1ffffffffffffffff"), json(36893488147419103231.0));
}

TEST(yaml_scalar, leaves_what_only_looks_like_a_number_as_text) {
  for (auto text : {"1.2.3", "1_000", "0b101", "12:30", "1e", ".", "-", "+", "--1", "0o8", "0x", "1 2", "e5", "-.e1"})
    EXPECT_EQ(resolve_plain_scalar(text), json(text)) << text;
}

TEST(yaml_scalar, tells_too_small_from_too_large) {
  EXPECT_EQ(resolve_plain_scalar("1e-400"), json(0.0));
  EXPECT_TRUE(std::isinf(resolve_plain_scalar("1e400").get<double>()));
}

TEST(duration, is_a_number_with_a_unit) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds{500});
  EXPECT_EQ(parse_duration("120s"), milliseconds{120'000});
  EXPECT_EQ(parse_duration("1.5m"), milliseconds{90'000});
  EXPECT_EQ(parse_duration("1h"), milliseconds{3'600'000});
  EXPECT_EQ(parse_duration("720h"), longest_duration);
  EXPECT_EQ(duration_of_seconds(0.25), milliseconds{250});
}

TEST(duration, is_nothing_else) {
  for (auto text : {"", "5", "s", "5 s", "-5s", "+5s", "5d", "1h30m", "1e3s", "721h", "1.s", ".5s", "infs", "5S"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_FALSE(duration_of_seconds(-1));
  EXPECT_FALSE(duration_of_seconds(NAN));
}

TEST(nearest, counts_a_swap_of_neighbours_as_one_edit) {
  EXPECT_EQ(edit_distance("agnet", "agent"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(nearest, finds_the_key_that_was_meant) {
  const std::vector<std::string> keys = {"agent", "parallel", "steps", "choose"};
  EXPECT_EQ(did_you_mean("agnet", keys), "did you mean \"agent\"?");
  EXPECT_EQ(did_you_mean("paralel", keys), "did you mean \"parallel\"?");
  EXPECT_EQ(did_you_mean("zzz", keys), "");
}

TEST(sha256, is_the_one_of_fips_180) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(excerpt, cuts_long_text_between_characters) {
  std::string umlauts;
  for (int i = 0; i < 60; ++i)
    umlauts += "ä";
  EXPECT_EQ(excerpt("x" + umlauts).size(), 1 + 62 + std::string{"…"}.size());
  EXPECT_EQ(excerpt("a\nb"), "a b");
}

} // namespace
} // namespace troupe

#include "runtime/agents/http/retry_after.hpp"

#include <gtest/gtest.h>

#include <string>

namespace troupe {
namespace {

/// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110.
constexpr int64_t rfc_date = 784'111'777'000;

TEST(retry_after, reads_seconds) {
  EXPECT_EQ(parse_retry_after("0", 0), milliseconds{0});
  EXPECT_EQ(parse_retry_after("120", 0), milliseconds{120'000});
  EXPECT_EQ(parse_retry_after(" 7\t", 0), milliseconds{7'000});
}

TEST(retry_after, reads_the_three_forms_of_a_date) {
  for (auto* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_retry_after(text, rfc_date - 5'000), milliseconds{5'000}) << text;
}

TEST(retry_after, takes_a_two_digit_year_for_the_nearest_one) {
  // Told in 2025, the year 94 is past and the year 26 is ahead.
  constexpr int64_t in_2025 = 1'760'000'000'000;
  EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", in_2025), milliseconds{0});
  EXPECT_EQ(parse_retry_after("Thursday, 01-Jan-26 00:00:00 GMT", in_2025), max_retry_after);
}

TEST(retry_after, takes_a_date_in_the_past_as_no_wait) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", rfc_date + 1), milliseconds{0});
}

TEST(retry_after, waits_no_longer_than_its_bound) {
  EXPECT_EQ(parse_retry_after("86400", 0), max_retry_after);
  EXPECT_EQ(parse_retry_after("99999999999999999999", 0), max_retry_after);
  EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", rfc_date), max_retry_after);
}

TEST(retry_after, knows_leap_days_and_leap_seconds) {
  constexpr int64_t noon_2024_02_29 = 1'709'208'000'000;
  EXPECT_EQ(parse_retry_after("Thu, 29 Feb 2024 12:00:01 GMT", noon_2024_02_29), milliseconds{1'000});
  EXPECT_EQ(parse_retry_after("Thu, 29 Feb 2023 12:00:01 GMT", 0), std::nullopt);
  EXPECT_TRUE(parse_retry_after("Sat, 31 Dec 2016 23:59:60 GMT", 0));
}

TEST(retry_after, says_nothing_about_nonsense) {
  for (auto* text : {"", "  ", "-1", "1.5", "soon", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET",
                     "Sun, 06 Nov 1994 08:49:37 GMT and more", "Sun, 06 Foo 1994 08:49:37 GMT",
                     "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT"})
    EXPECT_EQ(parse_retry_after(text, 0), std::nullopt) << text;
  EXPECT_EQ(parse_retry_after(std::string(10'000, 'x'), 0), std::nullopt);
}

} // namespace
} // namespace troupe

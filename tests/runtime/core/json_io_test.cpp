#include "runtime/core/json_io.hpp"
#include "tests/support/random_json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace troupe {
namespace {

RC_GTEST_PROP(json_io, prints_what_the_library_prints, ()) {
  auto value = test::awkward_json(4);
  RC_ASSERT(print_json(value) == value.dump(-1, ' ', false, json::error_handler_t::replace));
}

RC_GTEST_PROP(json_io, reads_what_the_library_reads, ()) {
  auto text = test::awkward_json(4).dump(*rc::gen::inRange(-1, 3), ' ', *rc::gen::arbitrary<bool>(),
                                         json::error_handler_t::replace);
  auto expected = json::parse(text);
  auto value = read_json(text);
  RC_ASSERT(value == expected);
  // Equal numbers may be of different kinds.
  RC_ASSERT(value.dump() == expected.dump());
}

RC_GTEST_PROP(json_io, finds_common_only_what_the_library_accepts, ()) {
  auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"[]{}\",:\\u0123eE+-.tfnrualse dD8\xc3\xa9"}));
  if (auto common = read_common_json(text, 64))
    RC_ASSERT(common->dump() == json::parse(text).dump());
}

TEST(json_io, prints_each_byte_at_each_place_as_the_library_does) {
  for (size_t length = 1; length <= 18; ++length)
    for (size_t place = 0; place < length; ++place)
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, 'x');
        text[place] = static_cast<char>(byte);
        ASSERT_EQ(print_json(text), json(text).dump(-1, ' ', false, json::error_handler_t::replace))
            << "byte " << byte << " at " << place << " of " << length;
      }
}

TEST(json_io, prints_long_texts_and_short_ones_in_turn) {
  for (size_t length : {size_t{10}, size_t{200'000}, size_t{10}, size_t{0}}) {
    auto text = print_json(std::string(length, 'x'));
    EXPECT_EQ(text.size(), length + 2);
    EXPECT_THROW((void)print_json(json{"some", "\xff"}, json::error_handler_t::strict), json::type_error);
  }
}

TEST(json_io, keeps_the_kinds_of_numbers) {
  EXPECT_TRUE(read_json("1").is_number_unsigned());
  EXPECT_TRUE(read_json("-1").is_number_integer());
  EXPECT_FALSE(read_json("-1").is_number_unsigned());
  EXPECT_TRUE(read_json("1.0").is_number_float());
  EXPECT_EQ(read_json("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(read_json("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_TRUE(read_json("18446744073709551616").is_number_float());
  EXPECT_EQ(read_json("-0").dump(), json::parse("-0").dump());
}

TEST(json_io, takes_the_last_of_two_members_of_a_name) {
  EXPECT_EQ(read_json(R"({"a": 1, "b": 2, "a": 3})"), json::parse(R"({"a": 1, "b": 2, "a": 3})"));
}

TEST(json_io, counts_levels) {
  EXPECT_TRUE(read_common_json("[[[]]]", 3));
  EXPECT_FALSE(read_common_json("[[[]]]", 2));
  EXPECT_TRUE(read_common_json("1", 0));
  EXPECT_FALSE(read_common_json("{}", 0));
  EXPECT_FALSE(read_common_json(std::string(1'000'000, '['), 64));
}

TEST(json_io, leaves_halves_of_surrogate_pairs_to_the_library) {
  for (const auto* text : {R"("\udc00")", R"("\ud800")", R"(["\ud83d\ude00"])"})
    EXPECT_FALSE(read_common_json(text, 64)) << text;
  EXPECT_EQ(read_json(R"("\ud83d\ude00")"), "😀");
}

TEST(json_io, refuses_bytes_that_are_no_text_where_it_is_told_to) {
  EXPECT_THROW((void)print_json(json("\xff"), json::error_handler_t::strict), json::type_error);
  EXPECT_EQ(print_json(json("\xff")), "\"\xEF\xBF\xBD\"");
}

TEST(json_io, reads_texts_that_are_long) {
  json long_one = json::array();
  for (int i = 0; i < 200'000; ++i)
    long_one.push_back("0123456789");
  EXPECT_EQ(read_json(long_one.dump()), long_one);
}

} // namespace
} // namespace troupe

#include "nodes/cli/documents.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace troupe::cli {

namespace {

using ::testing::HasSubstr;

struct documents : ::testing::Test {
  test::temp_dir folder;
  std::istringstream in;

  std::string write(const std::string& name, const std::string& text) {
    auto path = (folder.path() / name).string();
    std::ofstream{path} << text;
    return path;
  }
};

} // namespace

TEST_F(documents, reads_standard_input_for_a_dash) {
  in.str("workflow: x");
  auto source = read_source("-", in);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->name, "<stdin>");
  EXPECT_EQ(source->text, "workflow: x");
}

TEST_F(documents, refuses_what_is_larger_than_a_document_may_be) {
  in.str(std::string((size_t{4} << 20) + 1, 'x'));
  auto source = read_source("-", in);
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, HasSubstr("4.0 MiB"));
}

TEST_F(documents, says_why_a_file_cannot_be_read) {
  EXPECT_THAT(read_source((folder.path() / "none.yaml").string(), in).error().message,
              HasSubstr("No such file or directory"));
  EXPECT_THAT(read_source(folder.path().string(), in).error().message, HasSubstr("a folder"));
}

TEST_F(documents, takes_no_input_for_an_empty_object) {
  EXPECT_EQ(read_input(std::nullopt, in), json::object());
}

TEST_F(documents, reads_the_input_from_the_command_line_a_file_or_standard_input) {
  EXPECT_EQ(read_input(R"({"a": 1})", in), json({{"a", 1}}));
  EXPECT_EQ(read_input("@" + write("input.yaml", "a: 2\n"), in), json({{"a", 2}}));
  in.str(R"({"a": 3})");
  EXPECT_EQ(read_input("-", in), json({{"a", 3}}));
}

TEST_F(documents, names_the_place_of_a_fault_in_the_input) {
  auto input = read_input(R"({"a": 1, "a": 2})", in);
  ASSERT_FALSE(input);
  EXPECT_EQ(input.error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_THAT(input.error().message, HasSubstr("--input:1:"));
}

TEST_F(documents, tells_a_missing_input_file_from_a_missing_document) {
  EXPECT_THAT(read_input("@/none.json", in).error().message, HasSubstr("--input /none.json"));
}

TEST(read_duration, takes_a_bare_number_for_seconds) {
  EXPECT_EQ(read_duration("90"), milliseconds{90'000});
  EXPECT_EQ(read_duration("250ms"), milliseconds{250});
  EXPECT_EQ(read_duration("1.5m"), milliseconds{90'000});
}

TEST(read_duration, shows_what_a_duration_looks_like) {
  for (const auto* text : {"", "soon", "-1s", "5 weeks", "1e99s"}) {
    auto duration = read_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_THAT(duration.error().message, HasSubstr("250ms, 30s, 5m or 1.5h"));
  }
}

} // namespace troupe::cli

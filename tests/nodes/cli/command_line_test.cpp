#include "nodes/cli/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace troupe::cli {

namespace {

using ::testing::HasSubstr;

struct command_line : ::testing::Test {
  bool flag = false;
  uint32_t number = 3;
  std::string file;
  std::optional<std::string> input;
  std::vector<std::string> labels;
  int runs = 0;
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;

  exit_code call(const std::vector<std::string>& arguments) {
    std::vector<command> commands;
    commands.push_back({
        .name = "run",
        .summary = "Run a file",
        .arguments = {{.names = "file", .target = &file, .help = "What to run", .value = "FILE", .required = true},
                      {.names = "--json", .target = &flag, .help = "As JSON"},
                      {.names = "-n,--nodes", .target = &number, .help = "How many", .value = "N"},
                      {.names = "--input", .target = &input, .help = "The input", .value = "JSON"},
                      {.names = "--label", .target = &labels, .help = "A label", .value = "KEY=VALUE"}},
        .examples = "  troupe run flow.yaml\n",
        .run =
            [this](console&) {
              ++runs;
              return exit_code::partial;
            },
    });
    console io{in, out, err};
    return run_command_line(commands, arguments, io);
  }
};

} // namespace

TEST_F(command_line, hands_the_values_to_the_command_and_its_exit_code_back) {
  EXPECT_EQ(call({"run", "flow.yaml", "-n", "5", "--json", "--input", "-", "--label", "a=1", "--label", "b=2"}),
            exit_code::partial);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(file, "flow.yaml");
  EXPECT_EQ(number, 5U);
  EXPECT_TRUE(flag);
  EXPECT_EQ(input, "-");
  EXPECT_EQ(labels, (std::vector<std::string>{"a=1", "b=2"}));
}

TEST_F(command_line, takes_options_before_and_after_the_file) {
  EXPECT_EQ(call({"run", "--label", "a=1", "flow.yaml"}), exit_code::partial);
  EXPECT_EQ(file, "flow.yaml");
}

TEST_F(command_line, takes_json_as_a_value) {
  EXPECT_EQ(call({"run", "flow.yaml", "--input", R"({"a": [1, 2], "b": "-x"})"}), exit_code::partial);
  EXPECT_EQ(input, R"({"a": [1, 2], "b": "-x"})");
}

TEST_F(command_line, names_the_command_that_was_probably_meant) {
  EXPECT_EQ(call({"rum", "flow.yaml"}), exit_code::bad_input);
  EXPECT_THAT(err.str(), HasSubstr("did you mean \"run\"?"));
}

TEST_F(command_line, names_the_option_that_was_probably_meant) {
  EXPECT_EQ(call({"run", "flow.yaml", "--jsno"}), exit_code::bad_input);
  EXPECT_THAT(err.str(), HasSubstr("did you mean --json?"));
  EXPECT_EQ(runs, 0);
}

TEST_F(command_line, refuses_a_missing_argument_and_says_where_the_help_is) {
  EXPECT_EQ(call({"run"}), exit_code::bad_input);
  EXPECT_THAT(err.str(), HasSubstr("file is required"));
  EXPECT_THAT(err.str(), HasSubstr("see: troupe run --help"));
}

TEST_F(command_line, refuses_numbers_that_are_none) {
  EXPECT_EQ(call({"run", "f", "-n", "many"}), exit_code::bad_input);
  EXPECT_EQ(call({"run", "f", "-n", "-1"}), exit_code::bad_input);
  EXPECT_EQ(call({"run", "f", "-n", "99999999999999"}), exit_code::bad_input);
  EXPECT_EQ(runs, 0);
}

TEST_F(command_line, prints_the_help_to_its_output) {
  EXPECT_EQ(call({"run", "--help"}), exit_code::done);
  EXPECT_THAT(out.str(), HasSubstr("troupe run flow.yaml"));
  EXPECT_EQ(err.str(), "");
  EXPECT_EQ(runs, 0);
}

TEST_F(command_line, prints_the_help_to_the_errors_when_nothing_was_asked) {
  EXPECT_EQ(call({}), exit_code::bad_input);
  EXPECT_THAT(err.str(), HasSubstr("Run a file"));
}

TEST(exit_code_of, tells_a_partial_result_from_a_full_one_unless_it_is_allowed) {
  EXPECT_EQ(exit_code_of(v1::RUN_STATE_SUCCEEDED, false), exit_code::done);
  EXPECT_EQ(exit_code_of(v1::RUN_STATE_PARTIAL, false), exit_code::partial);
  EXPECT_EQ(exit_code_of(v1::RUN_STATE_PARTIAL, true), exit_code::done);
  EXPECT_EQ(exit_code_of(v1::RUN_STATE_FAILED, true), exit_code::failed);
}

TEST(exit_code_of, tells_what_the_caller_can_mend_from_what_is_away) {
  EXPECT_EQ(exit_code_of(error{v1::ERROR_CODE_INVALID_INPUT, "", false}), exit_code::bad_input);
  EXPECT_EQ(exit_code_of(error{v1::ERROR_CODE_NOT_FOUND, "", false}), exit_code::bad_input);
  EXPECT_EQ(exit_code_of(error{v1::ERROR_CODE_UNAVAILABLE, "", true}), exit_code::unreachable);
  EXPECT_EQ(exit_code_of(error{v1::ERROR_CODE_STORE, "", false}), exit_code::failed);
}

} // namespace troupe::cli

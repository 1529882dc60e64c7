#include "nodes/cli/completions.hpp"

#include "nodes/cli/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace troupe::cli {

namespace {

using ::testing::HasSubstr;

std::vector<command> sample() {
  static bool json = false;
  static std::string file;
  static std::string format;
  return {{
      .name = "check",
      .summary = "Check a file's syntax",
      .arguments =
          {{.names = "file", .target = &file, .help = "It", .value = "FILE", .completes = completion::file},
           {.names = "--json", .target = &json, .help = "As JSON [or not]"},
           {.names = "-f,--format", .target = &format, .help = "How", .value = "FORMAT", .choices = {"text", "dot"}}},
      .examples = "",
      .run = {},
  }};
}

/// What bash offers for `line`, one word per line.
std::string bash_offers(const std::string& line) {
  // Tests run side by side, each in a process of its own.
  auto stem = ::testing::TempDir() + "troupe-" + std::to_string(getpid()) + "-";
  std::ofstream{stem + "completions.bash"} << bash_completions(sample());
  auto script = "source '" + stem + "completions.bash'; COMP_WORDS=(" + line
                + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _troupe 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\"";
  std::ofstream{stem + "ask.bash"} << script;
  auto* pipe = popen(("bash '" + stem + "ask.bash'").c_str(), "r");
  std::string out;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe))
    out += static_cast<char>(c);
  pclose(pipe);
  std::remove((stem + "completions.bash").c_str());
  std::remove((stem + "ask.bash").c_str());
  return out;
}

} // namespace

TEST(completions, offer_commands_to_bash) {
  EXPECT_EQ(bash_offers("troupe ch"), "check\n");
}

TEST(completions, offer_options_to_bash) {
  EXPECT_EQ(bash_offers("troupe check --j"), "--json\n");
}

TEST(completions, offer_the_choices_of_an_option_to_bash) {
  EXPECT_EQ(bash_offers("troupe check -f \"\""), "text\ndot\n");
  EXPECT_EQ(bash_offers("troupe check --format d"), "dot\n");
}

TEST(completions, quote_what_shells_would_interpret) {
  EXPECT_THAT(zsh_completions(sample()), HasSubstr("Check a file'\\''s syntax"));
  EXPECT_THAT(zsh_completions(sample()), HasSubstr("'--json[As JSON \\[or not\\]]'"));
  EXPECT_THAT(fish_completions(sample()), HasSubstr("-d 'Check a file'\\''s syntax'"));
}

TEST(completions, describe_options_to_fish) {
  EXPECT_THAT(fish_completions(sample()), HasSubstr("-s f -l format -d 'How' -x -a 'text dot'"));
}

TEST(completions, know_every_command) {
  auto commands = all_commands();
  auto bash = bash_completions(commands);
  for (const auto& x : commands) {
    EXPECT_THAT(bash, HasSubstr("  " + x.name + ")\n"));
    EXPECT_FALSE(x.summary.empty());
    EXPECT_FALSE(x.examples.empty()) << x.name;
  }
}

} // namespace troupe::cli

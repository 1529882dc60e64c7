// Every example in the language reference is a document that loads.
#include "documents.hpp"

#include <fstream>
#include <sstream>

namespace troupe {
namespace {

struct example {
  int line = 0;
  std::string text;
};

std::vector<example> examples() {
  std::ifstream in{std::string{TROUPE_SOURCE_DIR} + "/docs/language.md"};
  std::vector<example> out;
  auto inside = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (inside && line == "```")
      inside = false;
    else if (inside)
      out.back().text += line + "\n";
    else if (line == "```yaml") {
      inside = true;
      out.push_back({number + 1, {}});
    }
  }
  return out;
}

TEST(language_reference, has_examples) {
  EXPECT_GE(examples().size(), 5u);
}

TEST(language_reference, has_only_examples_that_load_without_a_warning) {
  for (auto& x : examples()) {
    auto name = "docs/language.md, example from line " + std::to_string(x.line);
    auto parsed = parse_document({name, x.text});
    ASSERT_THAT(messages(parsed), testing::IsEmpty());
    if (parsed->size() == 1 && parsed->contains("agents")) {
      EXPECT_THAT(messages(load_agents({name, x.text})), testing::IsEmpty());
      continue;
    }
    std::vector<diagnostic> warnings;
    load_options options;
    options.warnings = &warnings;
    EXPECT_THAT(messages(load_workflow({name, x.text}, options)), testing::IsEmpty());
    for (auto& warning : warnings)
      ADD_FAILURE() << to_string(warning);
  }
}

} // namespace
} // namespace troupe

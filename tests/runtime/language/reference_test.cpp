// Every example in the references is a document that loads.
#include "documents.hpp"

#include <fstream>
#include <sstream>

namespace troupe {
namespace {

struct example {
  std::string file;
  int line = 0;
  std::string text;
};

std::vector<example> examples_of(const std::string& file) {
  std::ifstream in{std::string{TROUPE_SOURCE_DIR} + "/" + file};
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
      out.push_back({file, number + 1, {}});
    }
  }
  return out;
}

TEST(language_reference, has_examples) {
  EXPECT_GE(examples_of("docs/language.md").size(), 5u);
  EXPECT_GE(examples_of("docs/agents.md").size(), 3u);
}

TEST(language_reference, has_only_examples_that_load_without_a_warning) {
  auto all = examples_of("docs/language.md");
  for (auto page : {"docs/agents.md", "docs/teams.md"}) {
    auto more = examples_of(page);
    all.insert(all.end(), more.begin(), more.end());
  }
  for (auto& x : all) {
    auto name = x.file + ", example from line " + std::to_string(x.line);
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

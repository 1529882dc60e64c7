#include "runtime/language/load.hpp"
#include "tests/runtime/agents/text/licence_folder.hpp"
#include "tests/runtime/agents/text/local_run.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace troupe {
namespace {

namespace fs = std::filesystem;

const char* const free_licence = R"(MIT-like

Permission is hereby granted to use, copy and modify this software, provided that every copy retains the above
copyright notice and this permission notice.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.

This text is long enough to be taken for a licence because it goes on for a while about nothing in particular,
which is what texts of this sort do now and then, and then it comes to an end as all of them have to, at last.
)";

const char* const strong_licence = R"(Strong Licence

1. Each contributor grants you a royalty-free patent licence under the contributor's essential patent claims.

2. You must license the entire work, as a whole, under this License to anyone who comes into possession of a copy.

3. You must keep intact all copyright notices and conspicuously publish on each copy a copyright notice.

4. There is no warranty for the program, to the extent permitted by law. The entire risk is with you, and with nobody
else in this world, whatever may happen to you or to those to whom you have passed it on.
)";

workflow_ptr review() {
  std::ifstream file{EXAMPLES_FOLDER "/licence-review.yaml"};
  std::stringstream text;
  text << file.rdbuf();
  auto loaded = load_workflow({"licence-review.yaml", text.str()});
  if (!loaded) {
    for (const auto& x : loaded.error())
      ADD_FAILURE() << to_string(x);
    return nullptr;
  }
  return *loaded;
}

class licence_review : public ::testing::Test {
protected:
  void SetUp() override {
    static std::atomic<int> count{0};
    folder_ = fs::temp_directory_path() / ("troupe-review-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    fs::create_directories(folder_);
    std::ofstream{folder_ / "Free"} << free_licence;
    std::ofstream{folder_ / "Strong"} << strong_licence;
    std::ofstream{folder_ / "README"} << "See the licences.";
    fs::create_symlink("Strong", folder_ / "Latest");
  }

  void TearDown() override {
    fs::remove_all(folder_);
  }

  fs::path folder_;
};

TEST_F(licence_review, tells_licences_apart_and_quotes_them) {
  testing::local_run run{review()};
  const auto end = run({{"folder", folder_.string()}});
  ASSERT_EQ(end.state, v1::RUN_STATE_SUCCEEDED) << end.error.message();
  const auto output = json::parse(end.output);
  EXPECT_EQ(output["verdicts"], R"({
    "Free": {"patents": "no", "copyleft": "no", "attribution": "yes", "warranty": "yes"},
    "Strong": {"patents": "yes", "copyleft": "yes", "attribution": "yes", "warranty": "yes"}})"_json);
  EXPECT_EQ(output["flagged"], json::array());
  const auto markdown = output["markdown"].get<std::string>();
  EXPECT_NE(
      markdown.find("> 1. Each contributor grants you a royalty-free patent licence under the contributor's essential "
                    "patent claims.  \n> — Strong, line 3\n"),
      std::string::npos)
      << markdown;
  // Two texts, four topics, three judges each; the README is no licence.
  EXPECT_EQ(run.tasks["by_terms"] + run.tasks["by_proximity"] + run.tasks["by_sentences"], 24);
}

TEST_F(licence_review, reviews_what_it_is_asked_for) {
  testing::local_run run{review()};
  const auto end = run({{"folder", folder_.string()}, {"licences", {"Latest"}}, {"topics", {"patents"}}});
  ASSERT_EQ(end.state, v1::RUN_STATE_SUCCEEDED) << end.error.message();
  EXPECT_EQ(json::parse(end.output)["verdicts"], R"({"Strong": {"patents": "yes"}})"_json);
}

TEST_F(licence_review, fails_clearly_without_licences) {
  testing::local_run run{review()};
  const auto end = run({{"folder", folder_.string()}, {"licences", {"None"}}});
  EXPECT_EQ(end.state, v1::RUN_STATE_FAILED);
  EXPECT_NE(end.error.message().find("there is no licence to review"), std::string::npos) << end.error.message();
}

TEST_F(licence_review, asks_a_model_where_one_is_wanted) {
  int asked = 0;
  auto model = [&](const agent_definition& agent, const json& input) -> result<json> {
    ++asked;
    EXPECT_EQ(agent.name, "model_judge");
    EXPECT_TRUE(input["passages"].is_array());
    return json{{"verdict", input["licence"] == "Free" ? "no" : "yes"}};
  };
  testing::local_run run{review(), model};
  const auto end = run({{"folder", folder_.string()}, {"topics", {"patents", "warranty"}}, {"llm", true}});
  ASSERT_EQ(end.state, v1::RUN_STATE_SUCCEEDED) << end.error.message();
  EXPECT_EQ(json::parse(end.output)["verdicts"], R"({
    "Free": {"patents": "no", "warranty": "no"}, "Strong": {"patents": "yes", "warranty": "yes"}})"_json);
  EXPECT_EQ(asked, 12);
}

TEST_F(licence_review, knows_the_licences_of_the_system) {
  if (!has_licences())
    GTEST_SKIP() << "there is no " << licence_folder;
  testing::local_run run{review()};
  const auto end = run(json::object());
  ASSERT_EQ(end.state, v1::RUN_STATE_SUCCEEDED) << end.error.message();
  const auto output = json::parse(end.output);
  const auto& verdicts = output["verdicts"];
  EXPECT_EQ(verdicts["GPL-3"],
            R"({"patents": "yes", "copyleft": "yes", "attribution": "yes", "warranty": "yes"})"_json);
  EXPECT_EQ(verdicts["Apache-2.0"],
            R"({"patents": "yes", "copyleft": "no", "attribution": "yes", "warranty": "yes"})"_json);
  EXPECT_EQ(verdicts["CC0-1.0"]["copyleft"], "no");
  EXPECT_EQ(verdicts["CC0-1.0"]["patents"], "no");
  EXPECT_GT(output["quotations"], 40);
  if (const char* file = std::getenv("LICENCE_REVIEW_OUTPUT"))
    std::ofstream{file} << output["markdown"].get<std::string>();
}

} // namespace
} // namespace troupe

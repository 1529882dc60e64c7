#include "runtime/agents/text/text_tools.hpp"

#include "runtime/agents/function/function_registry.hpp"
#include "tests/runtime/agents/text/licence_folder.hpp"

#include <gtest/gtest.h>

#include <set>

namespace troupe {
namespace {

TEST(text_tools, are_found_by_name) {
  std::set<std::string_view> names;
  for (const auto& x : text_tools())
    names.insert(x.name);
  EXPECT_EQ(names, (std::set<std::string_view>{"text.documents", "text.evidence", "text.keywords", "text.score",
                                               "text.search", "text.split", "text.summary"}));
  EXPECT_EQ(run_text_tool("text.magic", json::object()).error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(run_text_tool("text.split", 1).error().message, "text.split: expected an object as input, found number");
  EXPECT_EQ(run_text_tool("text.split", json::object()).error().message,
            "text.split: expected `documents`, `document`, `text` or `folder` in the input");
}

TEST(text_tools, take_settings_as_defaults) {
  const json settings{{"sentences", 1}};
  const json text = "The first long sentence here. The second long sentence here.";
  EXPECT_EQ(run_text_tool("text.summary", {{"text", text}}, settings).value()["sentences"].size(), 1u);
  EXPECT_EQ(run_text_tool("text.summary", {{"text", text}, {"sentences", 2}}, settings).value()["sentences"].size(),
            2u);
}

TEST(text_tools, read_folders_only_inside_of_their_root) {
  const json settings{{"root", "/proc"}};
  EXPECT_EQ(run_text_tool("text.documents", {{"folder", "/"}}, settings).error().code, v1::ERROR_CODE_FORBIDDEN);
  EXPECT_EQ(run_text_tool("text.documents", {{"folder", "/proc/.."}}, settings).error().code, v1::ERROR_CODE_FORBIDDEN);
  // Nor may the input choose another root.
  EXPECT_EQ(run_text_tool("text.documents", {{"folder", "/"}, {"root", "/"}}, settings).error().code,
            v1::ERROR_CODE_FORBIDDEN);
}

TEST(text_tools, work_as_function_agents) {
  function_registry registry;
  add_text_tools(registry);
  const auto* entry = registry.find("text.score");
  ASSERT_NE(entry, nullptr);
  EXPECT_TRUE(entry->options.blocking);
  auto agent = entry->make(R"({"keywords": ["cat"]})"_json).value();
  v1::Task task;
  task.mutable_input()->set_data(R"({"text": "The cat sat."})");
  const task_environment environment;
  const auto output = agent->run(task_input{task, environment}).value();
  EXPECT_EQ(output.quality, output.output["score"].get<double>());
  EXPECT_EQ(output.output["parts"]["coverage"]["score"], 1.0);
}

TEST(text_tools, do_honest_work_on_real_texts) {
  if (!has_licences())
    GTEST_SKIP() << "there is no " << licence_folder;
  const json folder{{"folder", licence_folder}};
  auto input = folder;
  input["query"] = "patent license retaliation litigation";
  input["names"] = {"Apache-2.0", "BSD", "GPL-2"};
  const auto hits = run_text_tool("text.search", input).value()["hits"];
  EXPECT_EQ(hits[0]["document"], "Apache-2.0");
  EXPECT_NE(hits[0]["quote"].get<std::string>().find("litigation"), std::string::npos);

  input = folder;
  input["name"] = "GPL-3";
  const auto summary = run_text_tool("text.summary", input).value();
  EXPECT_EQ(summary["document"], "GPL-3");
  EXPECT_EQ(summary["sentences"].size(), 5u);
  const auto chunks = run_text_tool("text.split", input).value()["chunks"];
  EXPECT_GT(chunks.size(), 15u);
  const auto keywords = run_text_tool("text.keywords", input).value()["keywords"];
  EXPECT_EQ(keywords.size(), 15u);
}

} // namespace
} // namespace troupe

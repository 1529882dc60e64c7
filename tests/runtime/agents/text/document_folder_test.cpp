#include "runtime/agents/text/document_folder.hpp"

#include "tests/runtime/agents/text/licence_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <unistd.h>

namespace troupe::text {
namespace {

namespace fs = std::filesystem;

class document_folder_test : public ::testing::Test {
protected:
  void SetUp() override {
    static std::atomic<int> count{0};
    root_ = fs::temp_directory_path() / ("troupe-folder-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    fs::create_directories(folder());
  }

  void TearDown() override {
    fs::remove_all(root_);
  }

  fs::path folder() const {
    return root_ / "docs";
  }

  void write(const fs::path& name, const std::string& text) const {
    std::ofstream{folder() / name, std::ios::binary} << text;
  }

  fs::path root_;
};

TEST_F(document_folder_test, lists_and_reads_files_by_name) {
  write("b", "two\nlines");
  write("a", "one");
  write(".hidden", "x");
  fs::create_directory(folder() / "sub");
  const auto opened = document_folder::open(folder()).value();
  ASSERT_EQ(opened.entries().size(), 2u);
  EXPECT_EQ(opened.entries()[0].name, "a");
  EXPECT_EQ(opened.entries()[1].bytes, 9u);
  ASSERT_EQ(opened.left_out().size(), 1u);
  EXPECT_EQ(opened.left_out()[0].why, "no file");
  EXPECT_EQ(opened.read("b").value().text, "two\nlines");
}

TEST_F(document_folder_test, follows_links_inside_and_counts_their_target_once) {
  write("v3", "text");
  fs::create_symlink("v3", folder() / "latest");
  const auto opened = document_folder::open(folder()).value();
  ASSERT_EQ(opened.entries().size(), 1u);
  EXPECT_EQ(opened.entries()[0].aliases, std::vector<std::string>{"latest"});
  EXPECT_EQ(opened.read("latest").value().name, "v3");
}

TEST_F(document_folder_test, refuses_links_that_lead_away) {
  std::ofstream{root_ / "secret"} << "x";
  fs::create_symlink(root_ / "secret", folder() / "out");
  fs::create_symlink("nowhere", folder() / "broken");
  const auto opened = document_folder::open(folder()).value();
  EXPECT_TRUE(opened.entries().empty());
  EXPECT_EQ(opened.left_out().size(), 2u);
  EXPECT_EQ(opened.read("out").error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(opened.read("../secret").error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(opened.read("").error().code, v1::ERROR_CODE_NOT_FOUND);
}

TEST_F(document_folder_test, keeps_its_limits) {
  write("a", std::string(100, 'x'));
  write("b", "x");
  const auto opened = document_folder::open(folder(), {10, 50}).value();
  ASSERT_EQ(opened.entries().size(), 1u);
  EXPECT_EQ(opened.left_out()[0].why, "larger than 50 bytes");
  write("b", std::string(100, 'x'));
  EXPECT_EQ(opened.read("b").error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_EQ(document_folder::open(folder(), {1, 50}).error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST_F(document_folder_test, refuses_what_is_no_text_and_no_folder) {
  write("binary", "\xFF\xFE");
  const auto opened = document_folder::open(folder()).value();
  EXPECT_EQ(opened.read("binary").error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(document_folder::open(folder() / "missing").error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(document_folder::open(folder() / "binary").error().code, v1::ERROR_CODE_NOT_FOUND);
}

TEST_F(document_folder_test, is_a_tool) {
  write("a", "one\ntwo\n");
  write("bad", "\xFF");
  const auto all = documents({{"folder", folder().string()}}).value();
  ASSERT_EQ(all["documents"].size(), 1u);
  EXPECT_EQ(all["documents"][0]["text"], "one\ntwo\n");
  EXPECT_EQ(all["documents"][0]["lines"], 2);
  EXPECT_EQ(all["skipped"][0]["name"], "bad");
  const auto names = documents({{"folder", folder().string()}, {"texts", false}}).value();
  EXPECT_EQ(names["documents"].size(), 2u);
  EXPECT_FALSE(names["documents"][0].contains("text"));
  EXPECT_EQ(documents({{"folder", folder().string()}, {"names", {"zzz"}}}).error().code, v1::ERROR_CODE_NOT_FOUND);
}

TEST(document_folder, reads_the_licences_of_the_system) {
  if (!has_licences())
    GTEST_SKIP() << "there is no " << licence_folder;
  const auto opened = document_folder::open(licence_folder).value();
  EXPECT_EQ(opened.read("GPL-3").value().text, opened.read("GPL").value().text);
}

} // namespace
} // namespace troupe::text

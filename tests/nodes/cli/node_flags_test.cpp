#include "nodes/cli/node_flags.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace troupe::cli {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string file_with(const test::temp_dir& folder, const std::string& text) {
  auto path = (folder / "node.yaml").string();
  std::ofstream{path} << text;
  return path;
}

} // namespace

TEST(node_flags, are_the_configuration_where_there_is_no_file) {
  node_flags flags;
  flags.name = "w1";
  flags.role = {"coordinator,worker"};
  flags.join = {"127.0.0.1:7400", "127.0.0.1:7401"};
  flags.capacity = "12";
  flags.labels = {"zone=a", "disk=a=b"};
  flags.kinds = {"lua,process"};
  flags.grace = "3s";
  auto config = read_node_config(flags);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->name, "w1");
  EXPECT_TRUE(config->coordinator);
  EXPECT_TRUE(config->worker);
  EXPECT_THAT(config->join, ElementsAre("127.0.0.1:7400", "127.0.0.1:7401"));
  EXPECT_EQ(config->capacity, 12U);
  EXPECT_EQ(config->labels, (std::map<std::string, std::string>{{"zone", "a"}, {"disk", "a=b"}}));
  EXPECT_THAT(config->kinds, ElementsAre("lua", "process"));
  EXPECT_EQ(config->grace, milliseconds{3'000});
}

TEST(node_flags, win_over_the_file_key_by_key) {
  test::temp_dir folder;
  node_flags flags;
  flags.config = file_with(folder, "name: from-file\nrole: worker\ncapacity: 7\nlabels: {zone: a, rack: r1}\n");
  flags.name = "from-flag";
  flags.labels = {"zone=b"};
  auto config = read_node_config(flags);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->name, "from-flag");
  EXPECT_EQ(config->capacity, 7U);
  EXPECT_EQ(config->labels, (std::map<std::string, std::string>{{"zone", "b"}, {"rack", "r1"}}));
}

TEST(node_flags, name_a_node_that_nobody_named) {
  auto config = read_node_config(node_flags{});
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->name.empty());
  EXPECT_LE(config->name.size(), 64U);
}

TEST(node_flags, are_refused_with_what_was_expected) {
  node_flags flags;
  flags.capacity = "many";
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("capacity: expected a whole number"));
  flags = {};
  flags.role = {"boss"};
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("role: expected coordinator, worker"));
  flags = {};
  flags.labels = {"zone"};
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("KEY=VALUE"));
  flags = {};
  flags.grace = "soon";
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("grace: expected a duration"));
}

TEST(node_flags, name_the_file_and_the_place_of_a_fault) {
  test::temp_dir folder;
  node_flags flags;
  flags.config = file_with(folder, "name: [a\n");
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("node.yaml:"));
  flags.config = file_with(folder, "- a\n");
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("expected an object"));
  flags.config = file_with(folder, "nmae: a\n");
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("nmae: unknown setting"));
  flags.config = (folder / "none.yaml").string();
  EXPECT_THAT(read_node_config(flags).error().message, HasSubstr("No such file"));
}

} // namespace troupe::cli

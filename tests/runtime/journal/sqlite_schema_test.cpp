#include "runtime/journal/sqlite_schema.hpp"

#include "runtime/journal/sqlite_connection.hpp"
#include "tests/support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <array>

namespace troupe::sqlite {
namespace {

constexpr std::array old_steps{"CREATE TABLE a (x)"};
constexpr std::array steps{"CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y DEFAULT 7"};
constexpr std::array broken_steps{"CREATE TABLE a (x)", "CREATE TABLE b (x)", "no such statement"};

struct sqlite_schema_test : ::testing::Test {
  test::temp_dir dir;
  connection db{dir / "x.db", 1'000};

  std::string refusal(std::span<const char* const> of) {
    try {
      migrate(db, of);
      return {};
    } catch (const failure& x) {
      EXPECT_EQ(x.what.code, v1::ERROR_CODE_STORE);
      return x.what.message;
    }
  }
};

TEST_F(sqlite_schema_test, brings_an_old_database_to_the_newest_version_and_keeps_its_rows) {
  migrate(db, old_steps);
  db.execute("INSERT INTO a VALUES (1)");
  migrate(db, steps);
  EXPECT_EQ(db.query_integer("SELECT x + y FROM a"), 8);
  EXPECT_EQ(db.query_integer("PRAGMA user_version"), 2);
}

TEST_F(sqlite_schema_test, does_nothing_the_second_time) {
  migrate(db, steps);
  migrate(db, steps);
  EXPECT_EQ(db.query_integer("PRAGMA user_version"), 2);
}

TEST_F(sqlite_schema_test, changes_nothing_when_a_step_fails) {
  migrate(db, old_steps);
  EXPECT_NE(refusal(broken_steps), "");
  EXPECT_EQ(db.query_integer("PRAGMA user_version"), 1);
  EXPECT_EQ(db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
}

TEST_F(sqlite_schema_test, refuses_a_newer_version) {
  migrate(db, steps);
  EXPECT_NE(refusal(old_steps).find("newer troupe (schema 2, this one knows 1)"), std::string::npos);
}

TEST_F(sqlite_schema_test, refuses_the_database_of_another_program) {
  db.execute("CREATE TABLE theirs (x)");
  EXPECT_NE(refusal(steps).find("another program"), std::string::npos);
}

} // namespace
} // namespace troupe::sqlite

#include "runtime/journal/owner_lock.hpp"

#include "tests/support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <optional>

#include <sys/wait.h>
#include <unistd.h>

namespace troupe {
namespace {

namespace fs = std::filesystem;

struct owner_lock_test : ::testing::Test {
  test::temp_dir dir;

  bool alive(const std::string& owner) const {
    return owner_lock::alive(dir.path(), owner);
  }

  /// Another process that holds the lock until it is killed.
  pid_t fork_owner(const std::string& owner) {
    int ready[2];
    if (pipe(ready) != 0)
      return -1;
    pid_t child = fork();
    if (child == 0) {
      auto lock = owner_lock::acquire(dir.path(), owner);
      char byte = lock ? 'y' : 'n';
      if (write(ready[1], &byte, 1) == 1)
        pause();
      _exit(1);
    }
    close(ready[1]);
    char byte = 'n';
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    close(ready[0]);
    return child;
  }

  static void kill_hard(pid_t child) {
    ASSERT_GT(child, 0);
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
  }
};

TEST_F(owner_lock_test, says_who_lives) {
  EXPECT_FALSE(alive("a"));
  std::optional lock{owner_lock::acquire(dir.path(), "a").value()};
  EXPECT_TRUE(alive("a"));
  EXPECT_FALSE(alive("b"));
  lock.reset();
  EXPECT_FALSE(alive("a"));
  EXPECT_TRUE(fs::is_empty(dir / "owners"));
}

TEST_F(owner_lock_test, ends_with_a_process_that_was_killed) {
  auto child = fork_owner("a");
  EXPECT_TRUE(alive("a"));
  kill_hard(child);
  EXPECT_FALSE(alive("a"));
}

TEST_F(owner_lock_test, refuses_the_name_of_a_living_process) {
  auto child = fork_owner("a");
  auto second = owner_lock::acquire(dir.path(), "a");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, v1::ERROR_CODE_ALREADY_EXISTS);
  kill_hard(child);
  EXPECT_TRUE(owner_lock::acquire(dir.path(), "a"));
}

TEST_F(owner_lock_test, removes_what_the_dead_left_and_nothing_else) {
  auto living = owner_lock::acquire(dir.path(), "living").value();
  kill_hard(fork_owner("dead"));
  std::ofstream{dir / "owners" / "half.new"};
  std::ofstream{dir / "owners" / "notes.txt"};
  EXPECT_EQ(owner_lock::remove_stale(dir.path()), 2u);
  EXPECT_TRUE(alive("living"));
  EXPECT_TRUE(fs::exists(dir / "owners" / "living.lock"));
  EXPECT_FALSE(fs::exists(dir / "owners" / "dead.lock"));
  EXPECT_TRUE(fs::exists(dir / "owners" / "notes.txt"));
  EXPECT_EQ(owner_lock::remove_stale(dir.path()), 0u);
}

TEST_F(owner_lock_test, keeps_the_lock_when_it_moves) {
  auto first = owner_lock::acquire(dir.path(), "a").value();
  std::optional second{std::move(first)};
  EXPECT_TRUE(alive("a"));
  second = owner_lock::acquire(dir.path(), "b").value();
  EXPECT_FALSE(alive("a"));
  EXPECT_TRUE(alive("b"));
}

TEST_F(owner_lock_test, takes_no_name_that_leads_elsewhere) {
  for (const auto* name : {"", ".", "..", "../a", "a/b", "a b", ".hidden"}) {
    auto lock = owner_lock::acquire(dir.path(), name);
    ASSERT_FALSE(lock) << name;
    EXPECT_EQ(lock.error().code, v1::ERROR_CODE_INVALID_INPUT) << name;
    EXPECT_FALSE(alive(name)) << name;
  }
}

TEST_F(owner_lock_test, names_a_data_directory_that_is_missing) {
  auto lock = owner_lock::acquire(dir / "nowhere", "a");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, v1::ERROR_CODE_STORE);
  EXPECT_NE(lock.error().message.find("nowhere"), std::string::npos);
  EXPECT_EQ(owner_lock::remove_stale(dir / "nowhere"), 0u);
}

} // namespace
} // namespace troupe

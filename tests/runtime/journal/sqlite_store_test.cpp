#include "runtime/journal/sqlite_store.hpp"

#include "runtime/journal/sqlite_connection.hpp"
#include "tests/runtime/journal/store_under_test.hpp"
#include "tests/support/journal_requests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe {
namespace {

namespace fs = std::filesystem;

using test::append_one;
using test::append_request;
using test::claim_request;
using test::code_of;
using test::create_request;

struct sqlite_store_test : ::testing::Test {
  test::temp_dir dir;
  fs::path file = dir / "troupe.db";

  auto try_open(int busy_timeout_ms = 5'000, uint64_t max_bytes = 0) {
    return sqlite_store::open(
        {.data_dir = dir.path(), .busy_timeout_ms = busy_timeout_ms, .max_bytes = max_bytes, .owner_alive = {}});
  }

  std::unique_ptr<sqlite_store> open() {
    return try_open().value();
  }

  /// The sentence with which opening is refused.
  std::string refusal() {
    auto sut = try_open();
    EXPECT_EQ(code_of(sut), v1::ERROR_CODE_STORE);
    return sut ? "" : sut.error().message;
  }

  static testing::AssertionResult says(const std::string& message, const std::string& part) {
    if (message.find(part) != std::string::npos)
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << '"' << message << "\" does not say \"" << part << '"';
  }
};

TEST_F(sqlite_store_test, keeps_runs_across_processes) {
  {
    auto first = open();
    ASSERT_TRUE(first->create(create_request("r")));
    ASSERT_TRUE(append_one(*first, append_request("r", 1, 2, 5)));
  }
  auto second = open();
  EXPECT_EQ(second->load("r")->events_size(), 6);
  EXPECT_TRUE(append_one(*second, append_request("r", 1, 7)));
}

TEST_F(sqlite_store_test, keeps_what_it_acknowledged_when_it_is_killed) {
  ASSERT_TRUE(open()->create(create_request("r")));
  int acknowledged[2];
  ASSERT_EQ(pipe(acknowledged), 0);
  auto child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto sut = open();
    for (uint64_t seq = 2;; ++seq)
      if (!append_one(*sut, append_request("r", 1, seq)) || write(acknowledged[1], &seq, sizeof(seq)) < 0)
        _exit(1);
  }
  close(acknowledged[1]);
  uint64_t last = 0;
  while (last < 50)
    ASSERT_EQ(read(acknowledged[0], &last, sizeof(last)), static_cast<ssize_t>(sizeof(last)));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  // What was written to the pipe before the end counts too.
  for (uint64_t seq = 0; read(acknowledged[0], &seq, sizeof(seq)) == static_cast<ssize_t>(sizeof(seq));)
    last = seq;
  close(acknowledged[0]);
  auto run = open()->load("r");
  ASSERT_TRUE(run);
  EXPECT_GE(static_cast<uint64_t>(run->events_size()), last);
  for (int i = 1; i < run->events_size(); ++i)
    EXPECT_EQ(run->events(i).timer_fired().timer(), static_cast<uint64_t>(i) + 1);
}

TEST_F(sqlite_store_test, lets_nobody_else_read_its_files) {
  auto sut = open();
  ASSERT_TRUE(sut->create(create_request("r")));
  for (const auto* name : {"troupe.db", "troupe.db-wal", "troupe.db-shm"}) {
    struct stat info = {};
    ASSERT_EQ(stat((dir / name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(sqlite_store_test, stores_a_definition_once) {
  auto sut = open();
  auto big = create_request("r");
  big.set_definition(std::string(100'000, 'x'));
  for (int i = 0; i < 20; ++i) {
    big.mutable_summary()->set_run_id("r" + std::to_string(i));
    ASSERT_TRUE(sut->create(big));
  }
  sqlite::connection db{file, 1'000};
  EXPECT_EQ(db.query_integer("SELECT count(*) FROM definition"), 1);
}

TEST_F(sqlite_store_test, gives_every_run_to_one_of_many_that_claim_it) {
  auto sut = open();
  std::array<std::atomic<int>, 20> winners = {};
  for (size_t i = 0; i < winners.size(); ++i)
    ASSERT_TRUE(sut->create(create_request("r" + std::to_string(i))));
  std::vector<std::thread> claimants;
  for (int t = 0; t < 4; ++t)
    claimants.emplace_back([&, t, own = open()] {
      for (size_t i = 0; i < winners.size(); ++i)
        if (own->claim(claim_request("r" + std::to_string(i), 1, "boot-" + std::to_string(t))))
          ++winners[i];
    });
  for (auto& claimant : claimants)
    claimant.join();
  EXPECT_TRUE(std::all_of(winners.begin(), winners.end(), [](const auto& n) { return n == 1; }));
}

TEST_F(sqlite_store_test, serves_writers_of_several_connections) {
  std::atomic<int> failures = 0;
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t)
    writers.emplace_back([&, id = "r" + std::to_string(t)] {
      // Opening at the same time is part of it: one of them creates the schema.
      auto own = try_open();
      if (!own || !(*own)->create(create_request(id))) {
        ++failures;
        return;
      }
      for (uint64_t seq = 2; seq < 30; ++seq)
        if (!append_one(**own, append_request(id, 1, seq)))
          ++failures;
    });
  for (auto& writer : writers)
    writer.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(open()->list(0, true)->runs_size(), 4);
}

TEST_F(sqlite_store_test, says_that_another_process_holds_the_lock_and_goes_on_afterwards) {
  auto sut = try_open(20).value();
  ASSERT_TRUE(sut->create(create_request("r")));
  {
    sqlite::connection other{file, 0};
    sqlite::transaction held{other};
    auto refused = append_one(*sut, append_request("r", 1, 2));
    ASSERT_EQ(code_of(refused), v1::ERROR_CODE_STORE);
    EXPECT_TRUE(says(refused.error().message, "locked by another process"));
    EXPECT_TRUE(refused.error().retryable);
    EXPECT_TRUE(sut->load("r"));
  }
  EXPECT_TRUE(append_one(*sut, append_request("r", 1, 2)));
}

TEST_F(sqlite_store_test, loses_nothing_acknowledged_when_the_disk_is_full) {
  auto sut = try_open(1'000, 200'000).value();
  ASSERT_TRUE(sut->create(create_request("r")));
  auto fat = append_request("r", 1, 2);
  fat.mutable_events(0)->mutable_run_submitted()->set_input(std::string(50'000, 'x'));
  uint64_t seq = 1;
  auto last = append_one(*sut, fat);
  for (; last && seq < 100; last = append_one(*sut, fat))
    fat.set_first_seq(++seq + 1);
  ASSERT_EQ(code_of(last), v1::ERROR_CODE_STORE);
  EXPECT_TRUE(says(last.error().message, "disk is full"));
  EXPECT_TRUE(last.error().retryable);
  EXPECT_EQ(sut->load("r")->events_size(), static_cast<int>(seq));
  sut.reset();
  // Now there is room again.
  EXPECT_TRUE(append_one(*open(), fat));
}

TEST_F(sqlite_store_test, writes_nothing_of_a_batch_that_does_not_fit) {
  auto sut = try_open(1'000, 200'000).value();
  ASSERT_TRUE(sut->create(create_request("r")));
  ASSERT_TRUE(sut->create(create_request("s")));
  auto small = append_request("r", 1, 2);
  auto fat = append_request("s", 1, 2);
  fat.mutable_events(0)->mutable_run_submitted()->set_input(std::string(1'000'000, 'x'));
  const v1::AppendEvents* batch[] = {&small, &fat};
  EXPECT_EQ(code_of(sut->append(batch)), v1::ERROR_CODE_STORE);
  EXPECT_EQ(sut->load("r")->events_size(), 1);
  EXPECT_TRUE(append_one(*sut, small));
}

TEST_F(sqlite_store_test, writes_nothing_of_a_group_of_calls_when_one_of_them_fails) {
  auto sut = try_open(1'000, 200'000).value();
  ASSERT_TRUE(sut->create(create_request("r")));
  auto fat = append_request("r", 1, 2);
  fat.mutable_events(0)->mutable_run_submitted()->set_input(std::string(1'000'000, 'x'));
  auto done = sut->together([&] {
    EXPECT_TRUE(sut->create(create_request("before")));
    EXPECT_EQ(code_of(append_one(*sut, fat)), v1::ERROR_CODE_STORE);
    EXPECT_EQ(code_of(sut->create(create_request("after"))), v1::ERROR_CODE_STORE);
  });
  EXPECT_EQ(code_of(done), v1::ERROR_CODE_STORE);
  EXPECT_EQ(code_of(sut->load("before")), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(code_of(sut->load("after")), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_TRUE(append_one(*sut, append_request("r", 1, 2)));
}

TEST_F(sqlite_store_test, refuses_a_directory_that_is_missing_or_none) {
  auto missing = sqlite_store::open({.data_dir = dir / "nowhere", .owner_alive = {}});
  ASSERT_EQ(code_of(missing), v1::ERROR_CODE_STORE);
  EXPECT_TRUE(says(missing.error().message, "nowhere does not exist"));
  std::ofstream{dir / "file"};
  EXPECT_EQ(code_of(sqlite_store::open({.data_dir = dir / "file", .owner_alive = {}})), v1::ERROR_CODE_STORE);
}

TEST_F(sqlite_store_test, refuses_a_directory_that_it_cannot_write) {
  if (geteuid() == 0)
    GTEST_SKIP() << "root may write everywhere";
  fs::permissions(dir.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_TRUE(says(refusal(), "write permission"));
  fs::permissions(dir.path(), fs::perms::owner_all);
}

TEST_F(sqlite_store_test, refuses_a_file_that_is_no_database) {
  std::ofstream{file} << std::string(10'000, 'x');
  EXPECT_TRUE(says(refusal(), "restore it from a backup"));
}

TEST_F(sqlite_store_test, refuses_a_damaged_database) {
  {
    auto sut = open();
    ASSERT_TRUE(sut->create(create_request("r")));
    ASSERT_TRUE(append_one(*sut, append_request("r", 1, 2, 2'000)));
  }
  auto size = fs::file_size(file);
  ASSERT_GT(size, 3u * 4'096u);
  {
    std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
    out.seekp(static_cast<std::streamoff>(size - 2 * 4'096));
    out << std::string(4'096, '\xa5');
  }
  EXPECT_TRUE(says(refusal(), "damaged"));
}

TEST_F(sqlite_store_test, sees_that_events_are_missing) {
  auto sut = open();
  ASSERT_TRUE(sut->create(create_request("r")));
  ASSERT_TRUE(append_one(*sut, append_request("r", 1, 2, 3)));
  sqlite::connection{file, 1'000}.execute("DELETE FROM event WHERE key = (SELECT max(key) - 1 FROM event)");
  auto run = sut->load("r");
  ASSERT_EQ(code_of(run), v1::ERROR_CODE_STORE);
  EXPECT_TRUE(says(run.error().message, "events are missing"));
}

TEST_F(sqlite_store_test, refuses_the_database_of_a_newer_version) {
  open();
  sqlite::connection{file, 1'000}.execute("PRAGMA user_version = 1000");
  EXPECT_TRUE(says(refusal(), "newer troupe"));
}

} // namespace
} // namespace troupe

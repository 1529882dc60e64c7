#pragma once

#include "runtime/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace troupe::sqlite {

/// What the functions of this file throw. Never leaves the store, which turns it into a result.
struct failure {
  error what;
};

using bytes_view = std::span<const char>;

/// One connection to one database file. One thread at a time.
class connection {
public:
  /// Creates the file, readable by its owner alone, when it is missing. A lock that another process holds is waited for
  /// up to `busy_timeout_ms`.
  connection(const std::filesystem::path& file, int busy_timeout_ms);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  /// Runs statements that yield nothing of interest.
  void execute(const char* sql);

  /// The first column of the first row; empty when there is no row.
  std::string query(const char* sql);
  int64_t query_integer(const char* sql);

  /// Whether a transaction is open. The engine rolls back on its own after some errors.
  bool in_transaction() const;

  /// Throws the engine's last error.
  [[noreturn]] void fail() const;
  [[noreturn]] void fail(int code) const;

  sqlite3* get() const {
    return db_;
  }
  const std::string& file() const {
    return file_;
  }

private:
  std::string file_;
  sqlite3* db_ = nullptr;
};

/// The sentence for an operator, with the remedy, for an engine's result code.
error explain(int code, const char* engine_words, const std::string& file);

/// The rows of a statement that runs; frees the statement for its next use at the end of its life.
class rows {
public:
  rows(const connection& db, sqlite3_stmt* stmt) : db_{&db}, stmt_{stmt} {}
  rows(const rows&) = delete;
  rows& operator=(const rows&) = delete;
  ~rows();

  /// Whether there is a (next) row. Views of the row before become invalid.
  bool next();

  int64_t integer(int column) const;
  std::string_view text(int column) const;
  bytes_view blob(int column) const;

private:
  const connection* db_;
  sqlite3_stmt* stmt_;
};

/// A prepared statement. Bound text and bytes must outlive the rows.
class statement {
public:
  statement(const connection& db, const char* sql);

  template <class... Args>
  rows operator()(const Args&... args) {
    [[maybe_unused]] int position = 0;
    (bind(++position, args), ...);
    return rows{*db_, stmt_.get()};
  }

  /// Runs to the end.
  template <class... Args>
  void run(const Args&... args) {
    auto result = (*this)(args...);
    while (result.next()) {
    }
  }

private:
  void bind(int position, int64_t value);
  void bind(int position, uint64_t value) {
    bind(position, static_cast<int64_t>(value));
  }
  void bind(int position, int32_t value) {
    bind(position, static_cast<int64_t>(value));
  }
  void bind(int position, std::string_view value);
  void bind(int position, const std::string& value) {
    bind(position, std::string_view{value});
  }
  void bind(int position, bytes_view value);

  struct finalizer {
    void operator()(sqlite3_stmt* stmt) const;
  };

  const connection* db_;
  std::unique_ptr<sqlite3_stmt, finalizer> stmt_;
};

/// Takes the write lock at once, so that what it reads stays true until it commits. Rolls back unless committed.
class transaction {
public:
  explicit transaction(connection& db, const char* begin = "BEGIN IMMEDIATE");
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  void commit();

private:
  connection& db_;
};

} // namespace troupe::sqlite

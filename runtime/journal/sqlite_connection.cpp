#include "runtime/journal/sqlite_connection.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace troupe::sqlite {

error explain(int code, const char* engine_words, const std::string& file) {
  auto because = [&](const char* what, const char* remedy, bool retryable) {
    return error{v1::ERROR_CODE_STORE, fmt::format("{} {} ({}); {}", file, what, engine_words, remedy), retryable};
  };
  switch (code & 0xff) {
  case SQLITE_FULL:
    return because("cannot grow: the disk is full", "free some space, then try again", true);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return because("is locked by another process", "try again, or end the process that holds it", true);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return because("is damaged or no database",
                   "restore it from a backup, or move it away together with its -wal and -shm files and start with an "
                   "empty one (`sqlite3 FILE .recover` may save what is left)",
                   false);
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
  case SQLITE_READONLY:
  case SQLITE_AUTH:
    return because("cannot be written", "give this user write permission for the file and its directory", false);
  case SQLITE_IOERR:
    return because("cannot be read or written: I/O error", "check the disk and the kernel's log", true);
  case SQLITE_NOMEM:
    return because("cannot be used: out of memory", "free some memory, then try again", true);
  default:
    return because("refused a statement", "this is a defect of troupe: please report it", false);
  }
}

namespace {

[[noreturn]] void refuse(std::string sentence) {
  throw failure{{v1::ERROR_CODE_STORE, std::move(sentence), false}};
}

/// Makes the file before the engine does, for the mode alone. A file that exists is not opened: closing it again would
/// drop the locks that another connection of this process holds on it.
void create_private(const std::filesystem::path& file) {
  auto dir = file.parent_path();
  std::error_code ignored;
  if (!std::filesystem::is_directory(dir, ignored))
    refuse(fmt::format("the data directory {} does not exist or is no directory; create it or name another one",
                       dir.string()));
  int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0)
    close(descriptor);
  else if (errno == ENOSPC || errno == EDQUOT)
    throw failure{explain(SQLITE_FULL, std::strerror(errno), file.string())};
  else if (errno != EEXIST)
    refuse(fmt::format("cannot create {}: {}; give this user write permission for its directory", file.string(),
                       std::strerror(errno)));
}

} // namespace

connection::connection(const std::filesystem::path& file, int busy_timeout_ms) : file_{file.string()} {
  create_private(file);
  int code = sqlite3_open_v2(file_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    auto what = explain(code, db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code), file_);
    sqlite3_close(db_);
    throw failure{what};
  }
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_timeout(db_, busy_timeout_ms);
}

connection::~connection() {
  sqlite3_close_v2(db_);
}

void connection::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail();
}

std::string connection::query(const char* sql) {
  statement stmt{*this, sql};
  auto result = stmt();
  return result.next() ? std::string{result.text(0)} : std::string{};
}

int64_t connection::query_integer(const char* sql) {
  statement stmt{*this, sql};
  auto result = stmt();
  return result.next() ? result.integer(0) : 0;
}

bool connection::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

void connection::fail() const {
  fail(sqlite3_extended_errcode(db_));
}

void connection::fail(int code) const {
  throw failure{explain(code, sqlite3_errmsg(db_), file_)};
}

rows::~rows() {
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
}

bool rows::next() {
  switch (int code = sqlite3_step(stmt_)) {
  case SQLITE_ROW:
    return true;
  case SQLITE_DONE:
    return false;
  default:
    db_->fail(code);
  }
}

int64_t rows::integer(int column) const {
  return sqlite3_column_int64(stmt_, column);
}

std::string_view rows::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(stmt_, column))};
}

bytes_view rows::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(stmt_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(stmt_, column))};
}

statement::statement(const connection& db, const char* sql) : db_{&db} {
  sqlite3_stmt* stmt = nullptr;
  if (sqlite3_prepare_v3(db.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, nullptr) != SQLITE_OK)
    db.fail();
  stmt_.reset(stmt);
}

void statement::bind(int position, int64_t value) {
  if (sqlite3_bind_int64(stmt_.get(), position, value) != SQLITE_OK)
    db_->fail();
}

void statement::bind(int position, std::string_view value) {
  // A null pointer would be bound as NULL.
  const char* data = value.data() ? value.data() : "";
  if (sqlite3_bind_text64(stmt_.get(), position, data, value.size(), SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
    db_->fail();
}

void statement::bind(int position, bytes_view value) {
  const char* data = value.data() ? value.data() : "";
  if (sqlite3_bind_blob64(stmt_.get(), position, data, value.size(), SQLITE_STATIC) != SQLITE_OK)
    db_->fail();
}

void statement::finalizer::operator()(sqlite3_stmt* stmt) const {
  sqlite3_finalize(stmt);
}

transaction::transaction(connection& db, const char* begin) : db_{db} {
  db_.execute(begin);
}

transaction::~transaction() {
  if (db_.in_transaction())
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void transaction::commit() {
  db_.execute("COMMIT");
}

} // namespace troupe::sqlite

#include "runtime/journal/sqlite_schema.hpp"

#include "runtime/journal/sqlite_connection.hpp"

#include <fmt/format.h>

#include <array>

namespace troupe::sqlite {

namespace {

/// "trpe" in the file's header, for file(1) and against the databases of others.
constexpr int64_t application_id = 0x74727065;

/// The journal's rows are keyed (run.number << 32 | seq): one B-tree in run order with an integer key, where a
/// composite primary key would need a second one, and WITHOUT ROWID is for rows smaller than events are.
constexpr const char* version_1 = R"(
CREATE TABLE definition (
  number INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE run (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  definition INTEGER NOT NULL REFERENCES definition (number),
  state INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER NOT NULL,
  error TEXT NOT NULL,
  owner TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  last_seq INTEGER NOT NULL
) STRICT;

CREATE INDEX run_by_age ON run (created_at_ms, number);
CREATE INDEX run_unfinished ON run (created_at_ms, number) WHERE state <= 1;

CREATE TABLE event (
  key INTEGER PRIMARY KEY,
  content BLOB NOT NULL
) STRICT;
)";

constexpr std::array<const char*, 1> steps_of_all_versions{version_1};

} // namespace

std::span<const char* const> schema_steps() {
  return steps_of_all_versions;
}

void migrate(connection& db, std::span<const char* const> steps) {
  auto newest = static_cast<int64_t>(steps.size());
  if (db.query_integer("PRAGMA user_version") == newest && db.query_integer("PRAGMA application_id") == application_id)
    return;
  transaction tx{db};
  // Another process may have been faster.
  auto version = db.query_integer("PRAGMA user_version");
  auto application = db.query_integer("PRAGMA application_id");
  bool empty = db.query_integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (application != application_id && !(application == 0 && version == 0 && empty))
    throw failure{{v1::ERROR_CODE_STORE,
                   fmt::format("{} is the database of another program; name another data directory", db.file()),
                   false}};
  if (version > newest)
    throw failure{{v1::ERROR_CODE_STORE,
                   fmt::format("{} was written by a newer troupe (schema {}, this one knows {}); use that one, or name "
                               "another data directory",
                               db.file(), version, newest),
                   false}};
  for (auto i = version; i < newest; ++i)
    db.execute(steps[static_cast<size_t>(i)]);
  db.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, newest).c_str());
  tx.commit();
}

} // namespace troupe::sqlite

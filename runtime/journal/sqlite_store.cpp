#include "runtime/journal/sqlite_store.hpp"

#include "runtime/journal/sqlite_connection.hpp"
#include "runtime/journal/sqlite_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include <sqlite3.h>

namespace troupe {

namespace {

using sqlite::bytes_view;
using sqlite::connection;
using sqlite::failure;
using sqlite::statement;

/// The write-ahead log shrinks back to this size (bytes) after a checkpoint.
constexpr int64_t wal_limit = int64_t{64} << 20;

constexpr int wal_retry_ms = 10;

/// See the schema. 2^31 runs of 2^32 events.
constexpr uint64_t max_seq = std::numeric_limits<uint32_t>::max();

uint64_t event_key(uint64_t run_number, uint64_t seq) {
  return (run_number << 32) | seq;
}

/// Switching to WAL needs the file for ourselves for a moment and does not wait for the others by itself.
void switch_to_wal(connection& db, int busy_timeout_ms) {
  for (int waited = 0;; waited += wal_retry_ms) {
    try {
      if (auto mode = db.query("PRAGMA journal_mode = WAL"); mode != "wal")
        throw failure{
            {v1::ERROR_CODE_STORE,
             fmt::format("{} lies on a file system without the shared memory that WAL needs (mode \"{}\"); use "
                         "a local disk",
                         db.file(), mode),
             false}};
      return;
    } catch (const failure&) {
      if ((sqlite3_errcode(db.get()) & 0xff) != SQLITE_BUSY || waited >= busy_timeout_ms)
        throw;
      sqlite3_sleep(wal_retry_ms);
    }
  }
}

void configure(connection& db, const sqlite_store_config& config) {
  db.execute("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON");
  switch_to_wal(db, config.busy_timeout_ms);
  db.execute("PRAGMA synchronous = FULL");
  db.execute(fmt::format("PRAGMA journal_size_limit = {}", wal_limit).c_str());
  if (config.max_bytes > 0) {
    auto page = static_cast<uint64_t>(db.query_integer("PRAGMA page_size"));
    db.execute(fmt::format("PRAGMA max_page_count = {}", std::max<uint64_t>(1, config.max_bytes / page)).c_str());
  }
}

void check_integrity(connection& db) {
  if (auto verdict = db.query("PRAGMA quick_check(1)"); verdict != "ok")
    throw failure{sqlite::explain(SQLITE_CORRUPT, verdict.c_str(), db.file())};
}

connection& prepared(connection& db, const sqlite_store_config& config) {
  configure(db, config);
  check_integrity(db);
  sqlite::migrate(db, sqlite::schema_steps());
  return db;
}

constexpr const char* summary_columns =
    "run.id, workflow, definition.hash, state, created_at_ms, finished_at_ms, error, owner, epoch";

std::string select_summary(const char* rest) {
  return fmt::format("SELECT {}, run.number, run.last_seq FROM run JOIN definition ON definition.number = "
                     "run.definition {}",
                     summary_columns, rest);
}

v1::RunSummary read_summary(const sqlite::rows& row) {
  v1::RunSummary out;
  out.set_run_id(std::string{row.text(0)});
  out.set_workflow(std::string{row.text(1)});
  out.set_definition_hash(std::string{row.text(2)});
  out.set_state(static_cast<v1::RunState>(row.integer(3)));
  out.set_created_at_ms(row.integer(4));
  out.set_finished_at_ms(row.integer(5));
  out.set_error(std::string{row.text(6)});
  out.set_owner(std::string{row.text(7)});
  out.set_epoch(static_cast<uint64_t>(row.integer(8)));
  return out;
}

/// The store's errors are values for its callers.
template <class F>
auto guarded(F f) -> decltype(f()) {
  try {
    return f();
  } catch (const failure& x) {
    return tl::unexpected(x.what);
  }
}

} // namespace

struct sqlite_store::impl {
  explicit impl(sqlite_store_config cfg)
      : config{std::move(cfg)}, file{config.data_dir / "troupe.db", config.busy_timeout_ms}, db{prepared(file,
                                                                                                         config)} {}

  sqlite_store_config config;
  connection file;
  /// The same, once its schema is there for the statements below.
  connection& db;

  statement select_head{db, "SELECT number, epoch, last_seq, owner FROM run WHERE id = ?"};
  statement insert_event{db, "INSERT INTO event (key, content) VALUES (?, ?)"};
  statement update_progress{db, "UPDATE run SET last_seq = ? WHERE number = ?"};
  statement update_end{db, "UPDATE run SET last_seq = ?, state = ?, finished_at_ms = ?, error = ? WHERE number = ?"};
  statement select_definition{db, "SELECT number, content = ? FROM definition WHERE hash = ?"};
  statement insert_definition{db, "INSERT INTO definition (content, hash) VALUES (?, ?)"};
  statement insert_run{db, "INSERT INTO run (id, workflow, definition, state, created_at_ms, finished_at_ms, error, "
                           "owner, epoch, last_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  statement update_owner{db, "UPDATE run SET owner = ?, epoch = ? WHERE number = ?"};
  statement select_run{db, select_summary("WHERE id = ?").c_str()};
  statement select_newest{db, select_summary("ORDER BY created_at_ms DESC, run.number DESC LIMIT ?").c_str()};
  statement select_unfinished{
      db, select_summary("WHERE state <= 1 ORDER BY created_at_ms DESC, run.number DESC LIMIT ?").c_str()};
  statement select_definition_of{
      db, "SELECT content FROM definition JOIN run ON run.definition = definition.number WHERE run.number = ?"};
  statement select_events{db, "SELECT content FROM event WHERE key BETWEEN ? AND ? ORDER BY key"};
  /// Reused for every event.
  std::string buffer;
  /// Within `together`: the transaction is there already.
  bool in_group = false;
  std::optional<error> group_failure;

  struct stored_head : run_head {
    uint64_t number = 0;
  };

  void commit(sqlite::transaction& tx) {
    if (config.around_commit)
      config.around_commit([&] { tx.commit(); });
    else
      tx.commit();
  }

  /// A transaction of its own, or a part of the group's.
  template <class F>
  auto write(F f) -> decltype(f()) {
    if (in_group) {
      // A failure may have ended the transaction already: what comes now would be written alone.
      if (group_failure)
        throw failure{*group_failure};
      try {
        return f();
      } catch (const failure& x) {
        group_failure = x.what;
        throw;
      }
    }
    sqlite::transaction tx{db};
    auto out = f();
    commit(tx);
    return out;
  }

  result<void> together(const std::function<void()>& writes) {
    struct group {
      impl& of;
      explicit group(impl& x) : of{x} {
        of.in_group = true;
        of.group_failure.reset();
      }
      ~group() {
        of.in_group = false;
      }
    };
    sqlite::transaction tx{db};
    {
      group all{*this};
      writes();
    }
    if (group_failure)
      return tl::unexpected(*group_failure);
    commit(tx);
    return {};
  }

  result<stored_head> head(const std::string& run_id) {
    auto row = select_head(run_id);
    if (!row.next())
      return no_such_run(run_id);
    stored_head out;
    out.number = static_cast<uint64_t>(row.integer(0));
    out.epoch = static_cast<uint64_t>(row.integer(1));
    out.last_seq = static_cast<uint64_t>(row.integer(2));
    out.owner = std::string{row.text(3)};
    return out;
  }

  void write_event(uint64_t run_number, uint64_t seq, const v1::RunEvent& event) {
    buffer.clear();
    if (!event.AppendToString(&buffer))
      throw failure{{v1::ERROR_CODE_INTERNAL, "an event cannot be serialised", false}};
    insert_event.run(event_key(run_number, seq), bytes_view{buffer});
  }

  /// Whether the first `count` events of the entry are what is stored at their place.
  bool has_events(uint64_t run_number, const v1::AppendEvents& entry, int count) {
    auto last = entry.first_seq() + static_cast<uint64_t>(count) - 1;
    auto events = select_events(event_key(run_number, entry.first_seq()), event_key(run_number, last));
    for (int i = 0; i < count; ++i) {
      if (!events.next())
        return false;
      auto stored = events.blob(0);
      if (std::string_view{stored.data(), stored.size()} != entry.events(i).SerializeAsString())
        return false;
    }
    return true;
  }

  result<v1::EventsAppended> append_one(const v1::AppendEvents& entry) {
    auto run = head(entry.run_id());
    if (!run)
      return tl::unexpected(run.error());
    auto admitted = admit_append(*run, entry);
    if (!admitted)
      return tl::unexpected(admitted.error());
    if (admitted->last_seq > max_seq)
      return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("run {} has too many events", entry.run_id()));
    if (admitted->known > 0 && !has_events(run->number, entry, admitted->known))
      return other_events(entry);
    auto seq = run->last_seq;
    for (int i = admitted->known; i < entry.events_size(); ++i)
      write_event(run->number, ++seq, entry.events(i));
    const auto& summary = entry.summary();
    if (entry.has_summary())
      update_end.run(seq, summary.state(), summary.finished_at_ms(), summary.error(), run->number);
    else
      update_progress.run(seq, run->number);
    v1::EventsAppended out;
    out.set_run_id(entry.run_id());
    out.set_last_seq(seq);
    return out;
  }

  /// The number of the definition in the store.
  result<int64_t> definition_number(const v1::CreateRun& request) {
    std::string_view hash = request.summary().definition_hash();
    bytes_view content{request.definition()};
    if (auto row = select_definition(content, hash); row.next()) {
      if (row.integer(1) == 0)
        return definition_differs(std::string{hash});
      return row.integer(0);
    }
    insert_definition.run(content, hash);
    return sqlite3_last_insert_rowid(db.get());
  }

  result<v1::RunSummary> summary_of(const std::string& run_id) {
    auto row = select_run(run_id);
    if (!row.next())
      return no_such_run(run_id);
    return read_summary(row);
  }

  result<v1::RunSummary> create(const v1::CreateRun& request) {
    if (auto ok = check_create(request); !ok)
      return tl::unexpected(ok.error());
    const auto& summary = request.summary();
    if (auto existing = summary_of(summary.run_id()))
      return existing;
    auto definition = definition_number(request);
    if (!definition)
      return tl::unexpected(definition.error());
    insert_run.run(summary.run_id(), summary.workflow(), *definition, summary.state(), summary.created_at_ms(),
                   summary.finished_at_ms(), summary.error(), summary.owner(), summary.epoch(), request.events_size());
    auto number = static_cast<uint64_t>(sqlite3_last_insert_rowid(db.get()));
    uint64_t seq = 0;
    for (const auto& event : request.events())
      write_event(number, ++seq, event);
    return summary;
  }

  result<v1::RunSummary> claim(const v1::ClaimRun& request) {
    sqlite::transaction tx{db};
    auto run = head(request.run_id());
    if (!run)
      return tl::unexpected(run.error());
    auto epoch = admit_claim(*run, request, config.owner_alive);
    if (!epoch)
      return tl::unexpected(epoch.error());
    update_owner.run(request.owner(), *epoch, run->number);
    auto out = summary_of(request.run_id());
    commit(tx);
    return out;
  }

  [[noreturn]] void damaged(const std::string& run_id, const char* how) const {
    throw failure{sqlite::explain(SQLITE_CORRUPT, fmt::format("run {}: {}", run_id, how).c_str(), db.file())};
  }

  result<v1::RunDetails> load(const std::string& run_id) {
    sqlite::transaction one_moment_in_time{db, "BEGIN"};
    v1::RunDetails out;
    uint64_t number = 0;
    uint64_t last_seq = 0;
    {
      auto row = select_run(run_id);
      if (!row.next())
        return no_such_run(run_id);
      *out.mutable_summary() = read_summary(row);
      number = static_cast<uint64_t>(row.integer(9));
      last_seq = static_cast<uint64_t>(row.integer(10));
    }
    auto definition = select_definition_of(number);
    if (!definition.next())
      damaged(run_id, "its definition is missing");
    auto content = definition.blob(0);
    out.set_definition(content.data(), content.size());
    auto events = select_events(event_key(number, 1), event_key(number, max_seq));
    while (events.next()) {
      auto event = events.blob(0);
      if (!out.add_events()->ParseFromArray(event.data(), static_cast<int>(event.size())))
        damaged(run_id, "an event cannot be read");
    }
    if (static_cast<uint64_t>(out.events_size()) != last_seq)
      damaged(run_id, "events are missing");
    return out;
  }

  result<v1::RunList> list(uint32_t limit, bool unfinished_only) {
    v1::RunList out;
    auto& select = unfinished_only ? select_unfinished : select_newest;
    auto row = select(int64_t{limit == 0 ? default_list_limit : limit});
    while (row.next())
      *out.add_runs() = read_summary(row);
    return out;
  }
};

result<std::unique_ptr<sqlite_store>> sqlite_store::open(sqlite_store_config config) {
  return guarded([&]() -> result<std::unique_ptr<sqlite_store>> {
    return std::unique_ptr<sqlite_store>{new sqlite_store{std::make_unique<impl>(std::move(config))}};
  });
}

sqlite_store::sqlite_store(std::unique_ptr<impl> opened) : impl_{std::move(opened)} {}

sqlite_store::~sqlite_store() = default;

result<std::vector<result<v1::EventsAppended>>> sqlite_store::append(std::span<const v1::AppendEvents* const> batch) {
  return guarded([&]() -> result<std::vector<result<v1::EventsAppended>>> {
    return impl_->write([&] {
      std::vector<result<v1::EventsAppended>> out;
      out.reserve(batch.size());
      for (const auto* entry : batch)
        out.push_back(impl_->append_one(*entry));
      return out;
    });
  });
}

result<v1::RunSummary> sqlite_store::create(const v1::CreateRun& request) {
  return guarded([&] { return impl_->write([&] { return impl_->create(request); }); });
}

result<void> sqlite_store::together(const std::function<void()>& writes) {
  return guarded([&] { return impl_->together(writes); });
}

result<v1::RunSummary> sqlite_store::claim(const v1::ClaimRun& request) {
  return guarded([&] { return impl_->claim(request); });
}

result<v1::RunDetails> sqlite_store::load(const std::string& run_id) {
  return guarded([&] { return impl_->load(run_id); });
}

result<v1::RunList> sqlite_store::list(uint32_t limit, bool unfinished_only) {
  return guarded([&] { return impl_->list(limit, unfinished_only); });
}

} // namespace troupe

#include "nodes/cli/run_source.hpp"

#include "runtime/journal/sqlite_store.hpp"
#include "runtime/run/replay_workspace.hpp"
#include "runtime/team/workspace_view.hpp"

#include <filesystem>
#include <utility>

namespace troupe::cli {

tl::expected<run_source, exit_code> run_source::open(const session_flags& flags, console& io) {
  run_source out;
  if (flags.data.empty() || !flags.connect.empty()) {
    auto to = session::open(flags, io);
    if (!to)
      return tl::unexpected(to.error());
    out.coordinator_.emplace(std::move(*to));
    return out;
  }
  auto file = std::filesystem::path{flags.data} / "troupe.db";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return tl::unexpected(
        complain(io, error{v1::ERROR_CODE_NOT_FOUND, "there is no journal in " + flags.data + " (no file troupe.db)"}));
  auto journal = sqlite_store::open({.data_dir = flags.data});
  if (!journal)
    return tl::unexpected(complain(io, journal.error()));
  out.journal_ = std::move(*journal);
  return out;
}

result<v1::RunList> run_source::list(uint32_t limit, bool unfinished_only) {
  return journal_ ? journal_->list(limit, unfinished_only) : (*coordinator_)->list(limit, unfinished_only);
}

result<v1::RunDetails> run_source::get(const std::string& run_id) {
  return journal_ ? journal_->load(run_id) : (*coordinator_)->get(run_id);
}

result<v1::WorkspaceView> run_source::workspace(const std::string& run_id, const std::string& step,
                                                const std::string& artifact, uint64_t version) {
  if (!journal_)
    return (*coordinator_)->workspace(run_id, step, artifact, version);
  auto run = journal_->load(run_id);
  if (!run)
    return tl::unexpected(run.error());
  auto found = replay_workspace(*run, step);
  if (!found)
    return tl::unexpected(found.error());
  v1::ReadWorkspace what;
  what.set_artifact(artifact);
  what.set_version(version);
  auto view = view_of(*found->now, what);
  if (view) {
    view->set_run_id(run_id);
    view->set_step(found->step);
  }
  return view;
}

} // namespace troupe::cli

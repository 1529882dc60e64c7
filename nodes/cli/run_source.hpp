#pragma once

#include "nodes/cli/session.hpp"
#include "runtime/journal/store.hpp"

#include <memory>
#include <optional>
#include <string>

namespace troupe::cli {

/// Where runs are read from: a coordinator, or a journal folder. Reading a folder starts no node: nothing is resumed by
/// looking at it, and a coordinator may be at work on it.
class run_source {
public:
  /// Complains on `io.err` when there is none.
  static tl::expected<run_source, exit_code> open(const session_flags& flags, console& io);

  result<v1::RunList> list(uint32_t limit, bool unfinished_only);
  result<v1::RunDetails> get(const std::string& run_id);
  /// See client::workspace.
  result<v1::WorkspaceView> workspace(const std::string& run_id, const std::string& step, const std::string& artifact,
                                      uint64_t version);

private:
  std::optional<session> coordinator_;
  std::unique_ptr<store> journal_;
};

} // namespace troupe::cli

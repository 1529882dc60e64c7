#pragma once

#include "nodes/cli/command.hpp"
#include "nodes/client/client.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {
class node;
}

namespace troupe::cli {

/// Where the coordinator is that a command talks to.
struct session_flags {
  /// HOST:PORT; empty = $TROUPE_CONNECT, and without that 127.0.0.1:7400.
  std::string connect;
  /// Instead: a node in this process on the journal in this folder.
  std::string data;
  bool as_json = false;
  /// For one answer of the coordinator; a duration, empty = 60 s. On a machine that is busy enough everything takes
  /// long.
  std::string patience;
};

/// --connect, --json and --patience; what every command that talks to a coordinator has.
std::vector<argument> session_arguments(session_flags& flags, bool with_data = false);

/// A connection to a coordinator, with the node behind it where that one is in this process.
class session {
public:
  /// Complains on `io.err`, with what to do, when there is none.
  static tl::expected<session, exit_code> open(const session_flags& flags, console& io);

  /// A node in this process, on the journal in `flags.data`, or on one in memory.
  static tl::expected<session, exit_code> open_local(const session_flags& flags, console& io);

  session(session&&) noexcept;
  session& operator=(session&&) noexcept;
  ~session();

  client* operator->() {
    return client_.get();
  }

  /// How the journal names the node in this process; empty when there is none.
  std::string owner() const;

  /// Where others reach the node in this process; empty when there is none.
  std::string own_address() const;

private:
  session();

  /// The client goes first.
  std::unique_ptr<node> node_;
  std::unique_ptr<client> client_;
};

/// Tells what went wrong and which exit code that is.
exit_code complain(console& io, const error& x);

} // namespace troupe::cli

#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe {
class agent_catalog;
}

namespace troupe::bench {

/// This program in another part, as a child process; ended with the object.
class child {
public:
  explicit child(const std::vector<std::string>& arguments);
  ~child();

  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// The first line that it prints; for a part that tells its port.
  std::string first_line();

private:
  pid_t pid_ = 0;
  int input_ = -1;
  int output_ = -1;
};

/// The agents of all cases: `noop` answers at once, `sleeper` after 100 ms, `crasher` ends at every second task; and
/// those of teams.
void add_agents(agent_catalog& catalog);

/// A worker node under `name` that joins the coordinator at `address`, until its parent goes away.
int worker_main(const std::string& address, const std::string& name);

/// For mkdtemp: a place for a journal, beside this program; /tmp may be memory.
std::string data_folder_pattern();

/// Blocks until the standard input ends, which is when the parent goes away or lets go.
void await_end_of_parent();

} // namespace troupe::bench

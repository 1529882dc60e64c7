#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cli {

struct cluster_options {
  /// Path of this program.
  std::string program;
  /// Processes: one coordinator, the others workers. A single one is both.
  uint32_t nodes = 3;
  /// Of the coordinator.
  std::string listen = "127.0.0.1:0";
  std::string data;
};

/// One process of a local cluster.
struct node_plan {
  std::string name;
  std::vector<std::string> command;
};

node_plan plan_coordinator(const cluster_options& options);

/// The worker with this number (from 1); `coordinator` is the address that the coordinator listens on.
node_plan plan_worker(const cluster_options& options, uint32_t number, const std::string& coordinator);

/// How long to wait before a process that died is started again: 200 ms, doubled up to 5 s with each death in a row; a
/// process that lived for 30 s starts afresh. Negative: it died too often, give up.
class restart_pause {
public:
  int64_t after_death(int64_t lived_ms);

private:
  int in_a_row_ = 0;
};

} // namespace troupe::cli

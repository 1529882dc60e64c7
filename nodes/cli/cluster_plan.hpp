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

} // namespace troupe::cli

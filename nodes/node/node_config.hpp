#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

/// Everything that can be told to a node process. The names here are the keys of its configuration file and, with
/// dashes for underscores, the options of `troupe node`.
struct node_config {
  /// Unique in the cluster. Default: the host's name and the process id.
  std::string name;
  /// Nodes of another cluster are refused.
  std::string cluster = "troupe";
  /// Owns runs, journal and registry.
  bool coordinator = false;
  /// Hosts agents.
  bool worker = false;

  /// Coordinator: "host:port" for workers and clients; port 0 = any free one.
  std::string listen = "127.0.0.1:7400";
  /// Worker: the coordinators, "host:port".
  std::vector<std::string> join;
  /// "host:port" for Prometheus; empty = none.
  std::string metrics;
  /// Permits addresses other than loopback although nothing is encrypted or authenticated.
  bool insecure_network = false;

  /// Coordinator: folder of the journal; made when it is missing. Empty = in memory: runs are gone with the process.
  std::string data;

  /// Worker: tasks that the node takes at once, 1 to 100 000.
  uint32_t capacity = 256;
  std::map<std::string, std::string> labels;
  /// Worker: agent kinds that workflows may define here; empty = all that the node has.
  std::vector<std::string> kinds;
  /// Worker: file with `agents:` that the node offers to every workflow and to `troupe send`.
  std::string agents;

  /// Scheduler threads; 0 = one per core, and one that waits for the disk where there is a journal on one.
  uint32_t threads = 0;
  /// "trace", "debug", "info", "warning", "error", "off"
  std::string log_level = "info";
  /// "text" or "json"
  std::string log_format = "text";
  /// From SIGTERM to the end: running tasks may finish, new ones go elsewhere.
  milliseconds grace{10'000};
};

/// Reads a configuration document (already parsed). Unknown keys and wrong types are ERROR_CODE_INVALID_INPUT, naming
/// the key and what is expected.
result<node_config> parse_node_config(const json& document);

/// Names the first setting that makes no sense, with the remedy.
result<void> validate(const node_config& config);

} // namespace troupe

#pragma once

#include "nodes/cli/command.hpp"
#include "nodes/node/node_config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::cli {

/// The options of `troupe node`: those of its configuration file, with dashes for underscores. What is given on the
/// command line wins over the file.
struct node_flags {
  std::optional<std::string> config;
  std::optional<std::string> name;
  std::optional<std::string> cluster;
  std::vector<std::string> role;
  std::optional<std::string> listen;
  std::vector<std::string> join;
  std::optional<std::string> metrics;
  std::optional<std::string> data;
  std::optional<std::string> capacity;
  std::vector<std::string> labels;
  std::vector<std::string> kinds;
  std::optional<std::string> agents;
  std::optional<std::string> threads;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  std::optional<std::string> grace;
  bool insecure_network = false;
};

std::vector<argument> node_arguments(node_flags& flags);

/// `document` (a configuration file's, or {}) with the flags laid over it. Fails with ERROR_CODE_INVALID_INPUT.
result<json> lay_over(json document, const node_flags& flags);

/// Reads the file, where there is one, and fills in what has a default of its own: the name.
result<node_config> read_node_config(const node_flags& flags);

} // namespace troupe::cli

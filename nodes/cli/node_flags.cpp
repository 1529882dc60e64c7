#include "nodes/cli/node_flags.hpp"

#include "nodes/cli/documents.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace troupe::cli {

namespace {

/// A number where the text is one; the reader of the configuration complains about anything else.
json number_or_text(const std::string& text) {
  auto is_number = !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? json(std::stoul(text)) : json(text);
}

/// "a,b" and "a" "b" are the same.
json split(const std::vector<std::string>& values) {
  auto out = json::array();
  for (const auto& value : values) {
    std::istringstream parts{value};
    for (std::string part; std::getline(parts, part, ',');)
      out.push_back(part);
  }
  return out;
}

std::string default_name() {
  std::array<char, 64> host{};
  if (gethostname(host.data(), host.size() - 1) != 0)
    return fmt::format("node-{}", getpid());
  return fmt::format("{:.48}-{}", host.data(), getpid());
}

} // namespace

std::vector<argument> node_arguments(node_flags& x) {
  return {
      {.names = "--config",
       .target = &x.config,
       .help = "YAML or JSON file with these settings (log_level: debug, …)",
       .value = "FILE",
       .completes = completion::file},
      {.names = "--name",
       .target = &x.name,
       .help = "Unique in the cluster (default: host name and process id)",
       .value = "NAME"},
      {.names = "--cluster", .target = &x.cluster, .help = "Nodes of another cluster are refused", .value = "NAME"},
      {.names = "--role",
       .target = &x.role,
       .help = "coordinator (owns runs), worker (hosts agents), or both: coordinator,worker",
       .value = "ROLE"},
      {.names = "--listen",
       .target = &x.listen,
       .help = "Coordinator: where workers and clients connect; port 0: any (default 127.0.0.1:7400)",
       .value = "HOST:PORT"},
      {.names = "--join",
       .target = &x.join,
       .help = "Worker: address of a coordinator; once for each",
       .value = "HOST:PORT"},
      {.names = "--metrics", .target = &x.metrics, .help = "Where Prometheus scrapes", .value = "HOST:PORT"},
      {.names = "--data",
       .target = &x.data,
       .help = "Coordinator: folder of the journal (default: none; runs are gone with the process, and of ended ones "
               "the newest 64 MiB are kept)",
       .value = "DIR",
       .completes = completion::directory},
      {.names = "--capacity", .target = &x.capacity, .help = "Worker: tasks at once (default 256)", .value = "N"},
      {.names = "--label", .target = &x.labels, .help = "Worker: label for placement", .value = "KEY=VALUE"},
      {.names = "--kinds",
       .target = &x.kinds,
       .help = "Worker: agent kinds that workflows may define here (default: all)",
       .value = "KIND"},
      {.names = "--agents",
       .target = &x.agents,
       .help = "Worker: file with agents that the node offers to all",
       .value = "FILE",
       .completes = completion::file},
      {.names = "--threads",
       .target = &x.threads,
       .help = "Scheduler threads (default: one per core, and one for a journal on disk)",
       .value = "N"},
      {.names = "--log-level",
       .target = &x.log_level,
       .help = "How much is logged (default info)",
       .value = "LEVEL",
       .choices = {"trace", "debug", "info", "warning", "error", "off"}},
      {.names = "--log-format",
       .target = &x.log_format,
       .help = "How it is logged, on standard error",
       .value = "FORMAT",
       .choices = {"text", "json"}},
      {.names = "--grace",
       .target = &x.grace,
       .help = "After SIGTERM, running tasks have this long to finish (default 10s)",
       .value = "DURATION"},
      {.names = "--insecure-network",
       .target = &x.insecure_network,
       .help = "Permit addresses other than loopback, although nothing is encrypted or authenticated"},
  };
}

result<json> lay_over(json document, const node_flags& flags) {
  if (!document.is_object())
    return fail(v1::ERROR_CODE_INVALID_INPUT, "expected an object, such as {name: w1, role: worker}");
  auto set = [&](const char* key, const std::optional<std::string>& value) {
    if (value)
      document[key] = *value;
  };
  auto set_list = [&](const char* key, const std::vector<std::string>& values) {
    if (!values.empty())
      document[key] = split(values);
  };
  set("name", flags.name);
  set("cluster", flags.cluster);
  set_list("role", flags.role);
  set("listen", flags.listen);
  set_list("join", flags.join);
  set("metrics", flags.metrics);
  set("data", flags.data);
  set_list("kinds", flags.kinds);
  set("agents", flags.agents);
  set("log_level", flags.log_level);
  set("log_format", flags.log_format);
  set("grace", flags.grace);
  if (flags.capacity)
    document["capacity"] = number_or_text(*flags.capacity);
  if (flags.threads)
    document["threads"] = number_or_text(*flags.threads);
  if (flags.insecure_network)
    document["insecure_network"] = true;
  for (const auto& label : flags.labels) {
    auto split_at = label.find('=');
    if (split_at == std::string::npos || split_at == 0)
      return fail(v1::ERROR_CODE_INVALID_INPUT, "--label " + label + ": expected KEY=VALUE, as in --label zone=a");
    auto& labels = document["labels"];
    if (!labels.is_object())
      labels = json::object();
    labels[label.substr(0, split_at)] = label.substr(split_at + 1);
  }
  return document;
}

result<node_config> read_node_config(const node_flags& flags) {
  auto document = json::object();
  if (flags.config) {
    std::istringstream nothing;
    auto source = read_source(*flags.config, nothing);
    if (!source)
      return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("--config {}: {}", *flags.config, source.error().message));
    auto parsed = parse_document(*source);
    if (!parsed)
      return fail(v1::ERROR_CODE_INVALID_INPUT, to_string(parsed.error().front()));
    document = std::move(*parsed);
  }
  auto merged = lay_over(std::move(document), flags);
  if (!merged)
    return tl::unexpected(std::move(merged.error()));
  auto config = parse_node_config(*merged);
  if (config && config->name.empty())
    config->name = default_name();
  return config;
}

} // namespace troupe::cli

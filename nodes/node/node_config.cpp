#include "nodes/node/node_config.hpp"

#include "runtime/language/duration.hpp"
#include "runtime/link/address.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe {

namespace {

using reader = std::function<result<void>(const json&, node_config&)>;

result<void> wrong(const char* expected) {
  return fail(v1::ERROR_CODE_INVALID_INPUT, expected);
}

reader text(std::string node_config::*member) {
  return [member](const json& value, node_config& config) -> result<void> {
    if (!value.is_string())
      return wrong("expected a text");
    config.*member = value.get<std::string>();
    return {};
  };
}

reader texts(std::vector<std::string> node_config::*member) {
  return [member](const json& value, node_config& config) -> result<void> {
    if (value.is_string()) {
      config.*member = {value.get<std::string>()};
      return {};
    }
    if (!value.is_array() || !std::all_of(value.begin(), value.end(), [](const json& x) { return x.is_string(); }))
      return wrong("expected a text or a list of texts");
    config.*member = value.get<std::vector<std::string>>();
    return {};
  };
}

reader number(uint32_t node_config::*member) {
  return [member](const json& value, node_config& config) -> result<void> {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > UINT32_MAX)
      return wrong("expected a whole number, 0 or more");
    config.*member = value.get<uint32_t>();
    return {};
  };
}

result<void> read_roles(const json& value, node_config& config) {
  auto roles = value.is_string() ? json::array({value}) : value;
  if (!roles.is_array())
    return wrong("expected coordinator, worker, or a list of both");
  for (const auto& role : roles) {
    if (role == "coordinator")
      config.coordinator = true;
    else if (role == "worker")
      config.worker = true;
    else
      return wrong("expected coordinator, worker, or a list of both");
  }
  return {};
}

result<void> read_labels(const json& value, node_config& config) {
  if (!value.is_object() || !std::all_of(value.begin(), value.end(), [](const json& x) { return x.is_string(); }))
    return wrong("expected texts by name, such as {zone: a}");
  config.labels = value.get<std::map<std::string, std::string>>();
  return {};
}

result<void> read_grace(const json& value, node_config& config) {
  auto span = value.is_string()   ? parse_duration(value.get<std::string>())
              : value.is_number() ? duration_of_seconds(value.get<double>())
                                  : std::nullopt;
  if (!span)
    return wrong("expected a duration such as 10s");
  config.grace = *span;
  return {};
}

result<void> read_insecure(const json& value, node_config& config) {
  if (!value.is_boolean())
    return wrong("expected true or false");
  config.insecure_network = value.get<bool>();
  return {};
}

const std::map<std::string, reader>& readers() {
  static const std::map<std::string, reader> all{
      {"agents", text(&node_config::agents)},
      {"capacity", number(&node_config::capacity)},
      {"cluster", text(&node_config::cluster)},
      {"data", text(&node_config::data)},
      {"grace", read_grace},
      {"insecure_network", read_insecure},
      {"join", texts(&node_config::join)},
      {"kinds", texts(&node_config::kinds)},
      {"labels", read_labels},
      {"listen", text(&node_config::listen)},
      {"log_format", text(&node_config::log_format)},
      {"log_level", text(&node_config::log_level)},
      {"metrics", text(&node_config::metrics)},
      {"name", text(&node_config::name)},
      {"role", read_roles},
      {"threads", number(&node_config::threads)},
  };
  return all;
}

result<void> check_address(const std::string& setting, const std::string& value) {
  auto parsed = parse_address(value);
  if (!parsed)
    return fail(v1::ERROR_CODE_INVALID_INPUT, setting + ": " + parsed.error().message);
  return {};
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

/// What can be told from the setting alone; the links look at the addresses that names stand for.
bool is_foreign_ip(const std::string& host) {
  return !is_loopback(host)
         && (host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == host.npos);
}

result<void> check_network(const std::string& setting, const std::string& value, bool foreign) {
  if (!foreign)
    return {};
  return fail(v1::ERROR_CODE_INVALID_INPUT,
              setting + ": " + value
                  + " is no loopback address, and nothing there is encrypted or authenticated; use "
                    "127.0.0.1, or set insecure_network: true (--insecure-network) on a network that you trust");
}

result<void> one_of(const std::string& setting, const std::string& value, const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end())
    return {};
  std::string text = setting + ": \"" + value + "\" is none of";
  for (const auto& x : allowed)
    text += " " + x;
  return fail(v1::ERROR_CODE_INVALID_INPUT, std::move(text));
}

} // namespace

result<node_config> parse_node_config(const json& document) {
  if (!document.is_object())
    return fail(v1::ERROR_CODE_INVALID_INPUT, "a node's configuration is an object: name: w1, role: worker, …");
  node_config config;
  for (const auto& [key, value] : document.items()) {
    auto known = readers().find(key);
    if (known == readers().end()) {
      std::string text = key + ": unknown setting; there are";
      for (const auto& [name, reader] : readers())
        text += " " + name;
      return fail(v1::ERROR_CODE_INVALID_INPUT, std::move(text));
    }
    if (auto read = known->second(value, config); !read)
      return fail(v1::ERROR_CODE_INVALID_INPUT, key + ": " + read.error().message + "; found " + value.dump());
  }
  return config;
}

result<void> validate(const node_config& config) {
  if (!config.coordinator && !config.worker)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "role: a node is a coordinator, a worker, or both (--role coordinator,worker)");
  if (config.name.empty() || config.name.size() > 64)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "name: must have 1 to 64 characters");
  if (config.worker && !config.coordinator && config.join.empty())
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "join: a worker needs the address of a coordinator (--join 127.0.0.1:7400)");
  if (config.capacity < 1 || config.capacity > 100'000)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "capacity: must lie between 1 and 100000");
  if (config.threads > 1'024)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "threads: must lie between 0 and 1024");
  if (config.coordinator)
    if (auto checked = check_address("listen", config.listen); !checked)
      return checked;
  for (const auto& peer : config.join)
    if (auto checked = check_address("join", peer); !checked)
      return checked;
  if (!config.metrics.empty())
    if (auto checked = check_address("metrics", config.metrics); !checked)
      return checked;
  if (auto checked = one_of("log_level", config.log_level, {"trace", "debug", "info", "warning", "error", "off"});
      !checked)
    return checked;
  if (!config.insecure_network) {
    if (config.coordinator)
      if (auto ok = check_network("listen", config.listen, is_foreign_ip(parse_address(config.listen)->host)); !ok)
        return ok;
    for (const auto& peer : config.join)
      if (auto ok = check_network("join", peer, is_foreign_ip(parse_address(peer)->host)); !ok)
        return ok;
    if (!config.metrics.empty())
      if (auto ok = check_network("metrics", config.metrics, !is_loopback(parse_address(config.metrics)->host)); !ok)
        return ok;
  }
  return one_of("log_format", config.log_format, {"text", "json"});
}

} // namespace troupe

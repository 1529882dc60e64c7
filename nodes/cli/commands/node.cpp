#include "nodes/node/node.hpp"
#include "nodes/cli/commands.hpp"
#include "nodes/cli/documents.hpp"
#include "nodes/cli/ready_line.hpp"
#include "nodes/node/logging.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>

namespace troupe::cli {

namespace {

struct values {
  std::optional<std::string> config;
  std::optional<std::string> name;
  std::optional<std::string> role;
  std::optional<std::string> cluster;
  std::optional<std::string> listen;
  std::vector<std::string> join;
  std::optional<std::string> data;
  std::optional<std::string> metrics;
  std::optional<std::string> agents;
  std::optional<std::string> capacity;
  std::vector<std::string> labels;
  std::vector<std::string> kinds;
  std::optional<std::string> grace;
  std::optional<std::string> threads;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  bool insecure_network = false;
};

json split(const std::string& text, char separator) {
  json out = json::array();
  std::istringstream stream{text};
  for (std::string part; std::getline(stream, part, separator);)
    out.push_back(part);
  return out;
}

/// Numbers as numbers: the configuration's checks then speak of them.
json number_or_text(const std::string& text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_number() ? value : json(text);
}

/// The configuration file with what the options say in its place.
result<json> settings(const values& x, std::istream& in) {
  json out = json::object();
  if (x.config) {
    auto source = read_source(*x.config, in);
    if (!source)
      return tl::unexpected(source.error());
    auto document = parse_document(*source);
    if (!document)
      return fail(v1::ERROR_CODE_INVALID_INPUT, to_string(document.error().front()));
    if (!document->is_object())
      return fail(v1::ERROR_CODE_INVALID_INPUT, *x.config + ": expected settings by name, such as role: worker");
    out = std::move(*document);
  }
  auto put = [&](const char* key, const std::optional<std::string>& value) {
    if (value)
      out[key] = *value;
  };
  put("name", x.name);
  put("cluster", x.cluster);
  put("listen", x.listen);
  put("data", x.data);
  put("metrics", x.metrics);
  put("agents", x.agents);
  put("grace", x.grace);
  put("log_level", x.log_level);
  put("log_format", x.log_format);
  if (x.capacity)
    out["capacity"] = number_or_text(*x.capacity);
  if (x.threads)
    out["threads"] = number_or_text(*x.threads);
  if (x.role)
    out["role"] = split(*x.role, ',');
  if (!x.join.empty())
    out["join"] = x.join;
  if (!x.kinds.empty())
    out["kinds"] = x.kinds;
  if (x.insecure_network)
    out["insecure_network"] = true;
  for (const auto& label : x.labels) {
    auto equals = label.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(v1::ERROR_CODE_INVALID_INPUT, "--label " + label + ": expected NAME=VALUE");
    out["labels"][label.substr(0, equals)] = label.substr(equals + 1);
  }
  return out;
}

std::string default_name() {
  char host[65] = {};
  if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
    return "node-" + std::to_string(getpid());
  return std::string{host}.substr(0, 40) + "-" + std::to_string(getpid());
}

/// Waits for SIGINT or SIGTERM. False when the node gave up meanwhile.
bool wait_for_signal(const sigset_t& signals, const node& running) {
  for (;;) {
    timespec pause{2, 0};
    if (sigtimedwait(&signals, nullptr, &pause) > 0)
      return true;
    if (errno == EAGAIN && !running.alive())
      return false;
  }
}

exit_code run_node(values& x, console& io) {
  auto document = settings(x, io.in);
  auto config = document ? parse_node_config(*document) : tl::unexpected(document.error());
  if (config && config->name.empty())
    config->name = default_name();
  auto valid = config ? validate(*config) : result<void>{tl::unexpected(config.error())};
  if (!valid) {
    io.err << "troupe: " << valid.error().message << "\nSee troupe node --help.\n";
    return exit_code::bad_input;
  }
  // Before any thread is there: all of them inherit it, and the signal waits for us.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  set_up_logging(*config);
  auto started = node::start(*config);
  if (!started) {
    flush_logging();
    io.err << "troupe: " << started.error().message << '\n';
    return exit_code_of(started.error());
  }
  auto& running = **started;
  ready_line ready{running.name(), running.listen_address(), running.metrics_address()};
  io.out << ready.to_string() << std::endl;
  auto told = wait_for_signal(signals, running);
  // A second Ctrl-C ends it at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  running.stop();
  started->reset();
  flush_logging();
  return told ? exit_code::done : exit_code::failed;
}

} // namespace

command node_command() {
  auto x = std::make_shared<values>();
  return {
      .name = "node",
      .summary = "Run one node of a cluster in the foreground",
      .arguments =
          {
              {.names = "--config",
               .target = &x->config,
               .help = "Settings in a YAML or JSON file; options go first",
               .value = "FILE",
               .completes = completion::file},
              {.names = "--name",
               .target = &x->name,
               .help = "Unique in the cluster (default: host and process id)",
               .value = "NAME"},
              {.names = "--role",
               .target = &x->role,
               .help = "coordinator, worker, or coordinator,worker",
               .value = "ROLES"},
              {.names = "--listen",
               .target = &x->listen,
               .help = "Coordinator: where workers and clients connect (default 127.0.0.1:7400; port 0 = any)",
               .value = "HOST:PORT"},
              {.names = "--join",
               .target = &x->join,
               .help = "Worker: a coordinator; may be given again",
               .value = "HOST:PORT"},
              {.names = "--data",
               .target = &x->data,
               .help = "Coordinator: folder of the journal (default: in memory)",
               .value = "DIR",
               .completes = completion::directory},
              {.names = "--metrics",
               .target = &x->metrics,
               .help = "Where Prometheus scrapes (default: nowhere)",
               .value = "HOST:PORT"},
              {.names = "--agents",
               .target = &x->agents,
               .help = "Worker: file with agents that this node brings along",
               .value = "FILE",
               .completes = completion::file},
              {.names = "--capacity",
               .target = &x->capacity,
               .help = "Worker: tasks at once (default 256)",
               .value = "N"},
              {.names = "--label",
               .target = &x->labels,
               .help = "For placement; may be given again",
               .value = "NAME=VALUE"},
              {.names = "--kind",
               .target = &x->kinds,
               .help = "Worker: an agent kind that workflows may define here; may be given again (default: all)",
               .value = "KIND"},
              {.names = "--cluster",
               .target = &x->cluster,
               .help = "Nodes of another cluster are refused",
               .value = "NAME"},
              {.names = "--threads",
               .target = &x->threads,
               .help = "Scheduler threads (default: one per core)",
               .value = "N"},
              {.names = "--grace",
               .target = &x->grace,
               .help = "After SIGTERM, running tasks may go on for so long (default 10s)",
               .value = "TIME"},
              {.names = "--log-level",
               .target = &x->log_level,
               .help = "How much is logged (default info)",
               .value = "LEVEL",
               .choices = {"trace", "debug", "info", "warning", "error", "off"}},
              {.names = "--log-format",
               .target = &x->log_format,
               .help = "text or json",
               .value = "FORMAT",
               .choices = {"text", "json"}},
              {.names = "--insecure-network",
               .target = &x->insecure_network,
               .help = "Permit addresses other than loopback: nothing is encrypted, everybody is trusted"},
          },
      .examples = "  troupe node --name c1 --role coordinator --data /var/lib/troupe --metrics 127.0.0.1:9400\n"
                  "  troupe node --name w1 --role worker --join 127.0.0.1:7400 --metrics 127.0.0.1:9401\n"
                  "  troupe node --config /etc/troupe/w2.yaml\n",
      .run = [x](console& io) { return run_node(*x, io); },
  };
}

} // namespace troupe::cli

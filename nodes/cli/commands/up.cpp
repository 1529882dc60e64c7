#include "nodes/cli/child_process.hpp"
#include "nodes/cli/cluster_plan.hpp"
#include "nodes/cli/commands.hpp"
#include "nodes/cli/interrupts.hpp"
#include "nodes/cli/ready_line.hpp"
#include "nodes/cli/session.hpp"
#include "nodes/cli/steady_time.hpp"
#include "nodes/cli/table.hpp"
#include "nodes/cli/temporary_folder.hpp"
#include "runtime/supervision/restart_ledger.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <ostream>
#include <thread>
#include <utility>

namespace troupe::cli {

namespace {

constexpr int ready_timeout_ms = 30'000;
/// A node drains before it leaves.
constexpr int stop_timeout_ms = 15'000;

/// Whether nobody listens there yet.
bool is_free(uint16_t port) {
  auto descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto free = bind(descriptor, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0;
  close(descriptor);
  return free;
}

struct node {
  node_plan plan;
  std::optional<child_process> process;
  ready_line addresses;
  restart_ledger restarts{restart_limits{}, random_source{static_cast<uint64_t>(getpid())}};
  /// When to start it again; 0 = it runs.
  int64_t start_at_ms = 0;
};

result<void> start(node& x, const interrupts& signals) {
  auto process = child_process::spawn(x.plan.command);
  if (!process)
    return tl::unexpected(std::move(process.error()));
  x.process.emplace(std::move(*process));
  auto line = x.process->read_line(ready_timeout_ms);
  auto addresses = line ? ready_line::parse(*line) : std::nullopt;
  if (addresses) {
    x.addresses = *addresses;
    return {};
  }
  if (signals.raised())
    return fail(v1::ERROR_CODE_CANCELLED, "interrupted");
  x.process->wait(1'000);
  auto end = x.process->poll();
  return fail(v1::ERROR_CODE_UNAVAILABLE,
              "node " + x.plan.name + (end ? " ended with " + *end : " was not ready in time") + "; its log is above");
}

/// Last started, first stopped: workers hand back what they have while the coordinator is there.
void stop(std::vector<node>& nodes) {
  for (auto i = nodes.rbegin(); i != nodes.rend(); ++i) {
    if (!i->process || i->process->poll())
      continue;
    i->process->signal(SIGTERM);
    if (!i->process->wait(stop_timeout_ms))
      i->process->signal(SIGKILL);
  }
}

void print_nodes(const std::vector<node>& nodes, bool as_json, console& io) {
  if (as_json) {
    auto list = json::array();
    for (const auto& x : nodes)
      list.push_back({{"name", x.plan.name},
                      {"pid", x.process->pid()},
                      {"listen", x.addresses.listen},
                      {"metrics", x.addresses.metrics}});
    io.out << json{{"connect", nodes.front().addresses.listen}, {"nodes", std::move(list)}}.dump() << std::endl;
    return;
  }
  table out{{"NODE", ">PID", "LISTENS ON", "METRICS"}};
  for (const auto& x : nodes)
    out.add({x.plan.name, std::to_string(x.process->pid()), x.addresses.listen,
             x.addresses.metrics.empty() ? "" : "http://" + x.addresses.metrics + "/metrics"});
  io.out << out.to_string() << "\nIn another terminal:\n  export TROUPE_CONNECT=" << nodes.front().addresses.listen
         << "\n  troupe nodes\n  troupe run FILE\nCtrl-C stops the cluster." << std::endl;
}

/// Starts again what dies, until Ctrl-C.
exit_code supervise(std::vector<node>& nodes, const interrupts& signals, console& io) {
  while (!signals.raised()) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    for (auto& x : nodes) {
      auto end = x.process->poll();
      if (x.start_at_ms == 0 && end) {
        auto pause = x.restarts.record(steady_now_ms());
        io.err << "node " << x.plan.name << " ended with " << *end << std::endl;
        if (!pause) {
          io.err << "troupe: it ends again and again; giving up\n";
          return exit_code::failed;
        }
        x.start_at_ms = steady_now_ms() + pause->count();
      }
      if (x.start_at_ms == 0 || steady_now_ms() < x.start_at_ms)
        continue;
      x.start_at_ms = 0;
      if (auto started = start(x, signals); started)
        io.err << "node " << x.plan.name << " runs again, pid " << x.process->pid() << std::endl;
      else
        x.process->signal(SIGKILL);
    }
  }
  return exit_code::done;
}

struct up_values {
  uint32_t nodes = 3;
  std::string listen;
  std::string data;
  bool as_json = false;
};

exit_code up(const up_values& x, console& io) {
  constexpr uint32_t most_nodes = 64;
  if (x.nodes < 1 || x.nodes > most_nodes)
    return complain(io, error{v1::ERROR_CODE_INVALID_INPUT, "-n: expected 1 to 64 processes"});
  interrupts signals;
  std::optional<temporary_folder> scratch;
  if (x.data.empty())
    scratch.emplace();
  cluster_options options;
  options.program = std::filesystem::read_symlink("/proc/self/exe").string();
  options.nodes = x.nodes;
  options.data = scratch ? scratch->path() : x.data;
  options.listen = x.listen;
  if (options.listen.empty())
    options.listen = is_free(7400) ? "127.0.0.1:7400" : "127.0.0.1:0";
  std::vector<node> nodes;
  for (uint32_t number = 0; number < x.nodes; ++number) {
    auto& next = nodes.emplace_back();
    next.plan = number == 0 ? plan_coordinator(options) : plan_worker(options, number, nodes.front().addresses.listen);
    if (auto started = start(next, signals); !started) {
      stop(nodes);
      return signals.raised() ? exit_code::interrupted : complain(io, started.error());
    }
    if (number == 0) {
      // Started again, it must be where the others look for it.
      options.listen = next.addresses.listen;
      next.plan = plan_coordinator(options);
    }
  }
  print_nodes(nodes, x.as_json, io);
  auto code = supervise(nodes, signals, io);
  stop(nodes);
  return code;
}

} // namespace

command up_command() {
  auto x = std::make_shared<up_values>();
  return {
      .name = "up",
      .summary = "Start a cluster of processes on this machine and keep it running until Ctrl-C",
      .arguments = {{.names = "-n,--nodes",
                     .target = &x->nodes,
                     .help = "Processes: one coordinator, the others workers",
                     .value = "N"},
                    {.names = "--listen",
                     .target = &x->listen,
                     .help = "Address of the coordinator (default: 127.0.0.1:7400, or a free port when that is taken)",
                     .value = "HOST:PORT"},
                    {.names = "--data",
                     .target = &x->data,
                     .help = "Where the journal is kept (default: nowhere after the end)",
                     .value = "DIR",
                     .completes = completion::directory},
                    {.names = "--json",
                     .target = &x->as_json,
                     .help = "Print where the nodes are as one line of JSON"}},
      .examples = "  troupe up -n 3\n"
                  "  troupe up --data ./state --listen 127.0.0.1:7500\n",
      .run = [x](console& io) { return up(*x, io); },
  };
}

} // namespace troupe::cli

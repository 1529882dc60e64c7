#include "nodes/node/node.hpp"
#include "actors/fail_point/fail_point.hpp"
#include "nodes/cli/commands.hpp"
#include "nodes/cli/interrupts.hpp"
#include "nodes/cli/node_flags.hpp"
#include "nodes/cli/ready_line.hpp"
#include "nodes/cli/session.hpp"
#include "nodes/node/logging.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <thread>
#include <utility>

namespace troupe::cli {

namespace {

constexpr std::chrono::milliseconds signal_interval{50};
/// How often the node is asked whether it has given up.
constexpr int intervals_per_check = 20;

/// The supervision tree has ended, or does not answer. An orderly stop would wait for it; the kernel closes what is
/// open, what counts is in the journal, and whoever started this process starts it again.
[[noreturn]] void give_up(const node& running) {
  spdlog::error("node {} has given up: its supervision tree ended or does not answer", running.name());
  flush_logging();
  std::_Exit(static_cast<int>(exit_code::failed));
}

exit_code run_until_told(node& running, const interrupts& signals) {
  for (int i = 1; !signals.raised(); ++i) {
    std::this_thread::sleep_for(signal_interval);
    if (i % intervals_per_check == 0 && !running.alive())
      give_up(running);
  }
  spdlog::info("node {} stops", running.name());
  return exit_code::done;
}

exit_code run_node(const node_flags& flags, const node_extensions& extensions, console& io) {
  auto config = read_node_config(flags);
  if (!config)
    return complain(io, config.error());
  if (auto valid = validate(*config); !valid)
    return complain(io, valid.error());
  interrupts signals;
  set_up_logging(*config);
  if (const auto* spec = std::getenv("TROUPE_FAIL_POINT")) {
    if (auto armed = fail_points::arm(spec); !armed)
      return complain(io, armed.error());
    spdlog::warn("node {} breaks at {}, as TROUPE_FAIL_POINT says", config->name, spec);
  }
  auto started = node::start(std::move(*config), extensions);
  if (!started) {
    flush_logging();
    return complain(io, started.error());
  }
  auto& running = **started;
  io.out << ready_line{running.name(), running.listen_address(), running.metrics_address()}.to_string() << std::endl;
  auto code = run_until_told(running, signals);
  running.stop();
  started->reset();
  flush_logging();
  return code;
}

} // namespace

command node_command(node_extensions extensions) {
  auto flags = std::make_shared<node_flags>();
  return {
      .name = "node",
      .summary = "Run a node process until SIGTERM; it says \"ready …\" on standard output when it takes work",
      .arguments = node_arguments(*flags),
      .examples = "  troupe node --name c1 --role coordinator --listen 127.0.0.1:7400 --data ./state\n"
                  "  troupe node --name w1 --role worker --join 127.0.0.1:7400 --metrics 127.0.0.1:9401\n"
                  "  troupe node --config w1.yaml --log-format json\n",
      .run = [flags, extensions = std::move(extensions)](console& io) { return run_node(*flags, extensions, io); },
  };
}

} // namespace troupe::cli

// Many worlds, each made from a number: `sim --seeds 10000`, or one with its story: `sim --seed 17 --trace`.
#include "tests/sim/shrink.hpp"
#include "tests/sim/world.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

namespace troupe::sim {
namespace {

constexpr const char* usage =
    R"(usage: sim [--seeds N] [--first SEED] [--seed SEED [--trace]] [--break RULE] [--seconds S]

  --seeds N      worlds to simulate (10000)
  --first SEED   the first of them (1)
  --seed SEED    this one alone; --trace tells what happens in it
  --break RULE   switch a rule off: epoch_check, attempt_check or journal_before_use. Succeeds when the simulation
                 notices
  --seconds S    stop after so many seconds, and call it a success when nothing was found
)";

struct arguments {
  uint64_t seeds = 10'000;
  uint64_t first = 1;
  bool single = false;
  bool trace = false;
  double seconds = 0;
  mutation broken = mutation::none;
};

std::optional<arguments> parse(int argc, char** argv) {
  const std::map<std::string, mutation> rules{{"epoch_check", mutation::epoch_check},
                                              {"attempt_check", mutation::attempt_check},
                                              {"journal_before_use", mutation::journal_before_use}};
  arguments out;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--trace") {
      out.trace = true;
      continue;
    }
    if (++i == argc)
      return std::nullopt;
    if (name == "--break") {
      auto rule = rules.find(argv[i]);
      if (rule == rules.end())
        return std::nullopt;
      out.broken = rule->second;
    } else if (name == "--seconds") {
      out.seconds = std::strtod(argv[i], nullptr);
    } else if (name == "--seeds") {
      out.seeds = std::strtoull(argv[i], nullptr, 10);
    } else if (name == "--first") {
      out.first = std::strtoull(argv[i], nullptr, 10);
    } else if (name == "--seed") {
      out.single = true;
      out.seeds = 1;
      out.first = std::strtoull(argv[i], nullptr, 10);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

int run(const arguments& args) {
  auto begin = std::chrono::steady_clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  uint64_t events = 0;
  uint64_t executions = 0;
  uint64_t done = 0;
  usec simulated = 0;
  for (; done < args.seeds && (args.seconds <= 0 || elapsed() < args.seconds); ++done) {
    world_options options;
    options.seed = args.first + done;
    options.broken = args.broken;
    options.trace = args.single && args.trace;
    auto report = run_world(options);
    events += report.events;
    executions += report.executions;
    simulated += report.ended_at;
    if (report.verdict.empty())
      continue;
    fmt::print("seed {}: {}\n", options.seed, report.verdict);
    if (args.broken != mutation::none) {
      fmt::print("The broken rule was noticed after {} worlds.\n", done + 1);
      return EXIT_SUCCESS;
    }
    if (!options.trace)
      shrink(options);
    return EXIT_FAILURE;
  }
  fmt::print("{} worlds, {:.0f} s of their time, {} events, {} executions, nothing wrong; {:.1f} s\n", done,
             static_cast<double>(simulated) / second, events, executions, elapsed());
  return args.broken == mutation::none ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace
} // namespace troupe::sim

int main(int argc, char** argv) {
  auto args = troupe::sim::parse(argc, argv);
  if (!args) {
    fmt::print("{}", troupe::sim::usage);
    return 2;
  }
  try {
    return troupe::sim::run(*args);
  } catch (const std::exception& why) {
    fmt::print(stderr, "sim: {}\n", why.what());
    return EXIT_FAILURE;
  }
}

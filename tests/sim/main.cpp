// Many worlds, each made from a number: `sim --seeds 10000`, or one with its story: `sim --seed 17 --trace`.
#include "tests/sim/shrink.hpp"
#include "tests/sim/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace troupe::sim {
namespace {

constexpr const char* usage =
    R"(usage: sim [--seeds N] [--first SEED] [--jobs N] [--seconds S] [--break RULE] [--expect-coverage] [--keep-going]
       sim --seed SEED [--trace] [--break RULE]

  --seeds N          worlds to simulate (10000)
  --first SEED       the first of them (1)
  --jobs N           worlds at once (as many as there are cores)
  --seconds S        stop after so many seconds, and call it a success when nothing was found
  --seed SEED        this one alone; --trace tells what happens in it
  --break RULE       switch a rule off: epoch_check, attempt_check, journal_before_use, new_numbers, recorded_answers,
                     turn_check, compare_and_set, lost_message, lost_answer, wait_graph, turn_order or
                     question_timeout. Succeeds when the simulation notices
  --keep-going       tell of every failing seed instead of stopping at the first
  --expect-coverage  fail when too little has happened in the worlds
)";

struct arguments {
  uint64_t seeds = 10'000;
  uint64_t first = 1;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  bool single = false;
  bool trace = false;
  bool expect_coverage = false;
  bool keep_going = false;
  double seconds = 0;
  mutation broken = mutation::none;
};

std::optional<arguments> parse(int argc, char** argv) {
  arguments out;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--trace") {
      out.trace = true;
      continue;
    }
    if (name == "--expect-coverage") {
      out.expect_coverage = true;
      continue;
    }
    if (name == "--keep-going") {
      out.keep_going = true;
      continue;
    }
    if (++i == argc)
      return std::nullopt;
    auto number = [&] { return std::strtoull(argv[i], nullptr, 10); };
    if (name == "--break") {
      auto rule = mutations().find(argv[i]);
      if (rule == mutations().end())
        return std::nullopt;
      out.broken = rule->second;
    } else if (name == "--seconds") {
      out.seconds = std::strtod(argv[i], nullptr);
    } else if (name == "--seeds") {
      out.seeds = number();
    } else if (name == "--first") {
      out.first = number();
    } else if (name == "--jobs") {
      out.jobs = std::clamp(static_cast<unsigned>(number()), 1U, 256U);
    } else if (name == "--seed") {
      out.single = true;
      out.seeds = 1;
      out.first = number();
    } else {
      return std::nullopt;
    }
  }
  return out;
}

/// Runs the worlds on several threads. Which seed is found first may differ from one time to the next; what happens in
/// its world does not.
class search {
public:
  explicit search(const arguments& args) : args_{args}, next_{args.first} {}

  void run() {
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < args_.jobs && i < args_.seeds; ++i)
      threads.emplace_back([this] { work(); });
    work();
    for (auto& x : threads)
      x.join();
    if (trouble_)
      std::rethrow_exception(trouble_);
  }

  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  /// Failing seeds and what is wrong there.
  std::map<uint64_t, std::string> found;
  tally seen;

private:
  void work() {
    tally own;
    while (!stop_ && (args_.seconds <= 0 || elapsed() < args_.seconds)) {
      auto seed = next_++;
      if (seed - args_.first >= args_.seeds)
        break;
      try {
        world_options options;
        options.seed = seed;
        options.broken = args_.broken;
        options.trace = args_.single && args_.trace;
        auto report = run_world(options);
        own.add(report.seen);
        if (report.verdict.empty())
          continue;
        std::lock_guard lock{mutex_};
        found[seed] = report.verdict;
        if (args_.keep_going)
          continue;
      } catch (...) {
        std::lock_guard lock{mutex_};
        fmt::print(stderr, "seed {}:\n", seed);
        trouble_ = std::current_exception();
      }
      stop_ = true;
    }
    std::lock_guard lock{mutex_};
    seen.add(own);
  }

  const arguments& args_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::atomic<uint64_t> next_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::exception_ptr trouble_;
};

int run(const arguments& args) {
  search all{args};
  all.run();
  if (args.keep_going && !all.found.empty()) {
    for (const auto& [seed, verdict] : all.found)
      fmt::print("seed {}: {}\n", seed, verdict);
    fmt::print("{} of {} seeds fail.\n", all.found.size(), all.seen.worlds);
    return EXIT_FAILURE;
  }
  if (!all.found.empty()) {
    const auto& [seed, verdict] = *all.found.begin();
    fmt::print("seed {}: {}\n", seed, verdict);
    if (args.broken != mutation::none) {
      fmt::print("The broken rule was noticed after {} worlds.\n", all.seen.worlds);
      return EXIT_SUCCESS;
    }
    world_options failing;
    failing.seed = seed;
    if (!(args.single && args.trace))
      shrink(failing);
    return EXIT_FAILURE;
  }
  auto took = all.elapsed();
  fmt::print("{}nothing wrong; {:.1f} s, {:.0f} worlds/s\n", to_string(all.seen), took,
             static_cast<double>(all.seen.worlds) / took);
  if (auto missing = poverty(all.seen); args.expect_coverage && !missing.empty()) {
    fmt::print("But too little has happened: {}\n", missing);
    return EXIT_FAILURE;
  }
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

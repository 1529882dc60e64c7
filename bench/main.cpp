// Measures troupe beside its floors: see docs/performance.md. Never judges by an exit code: a slow machine is no fault.

#include "bench/cases.hpp"
#include "bench/floor_caf.hpp"
#include "bench/floor_socket.hpp"
#include "bench/worker_process.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using troupe::bench::report;

struct bench_case {
  const char* name;
  const char* help;
  void (*run)(report&);
};

constexpr bench_case cases[] = {
    {"machine", "the run machine alone: events/s, from 10 to 100 000 tasks", troupe::bench::machine_case},
    {"cores", "what one task costs in each pure core on its way: run machine, dispatcher, agent host",
     troupe::bench::cores_case},
    {"task", "task → result through an agent, one process, one outstanding; floor: plain CAF",
     troupe::bench::task_case},
    {"fanout", "fan-out/fan-in of 10 000 tasks in one process, in memory and journaled; floors: plain CAF, commits",
     troupe::bench::fanout_case},
    {"link", "task → result over two processes, 1 and 256 outstanding; floors: bare socket, plain CAF",
     troupe::bench::link_case},
    {"nodes", "fan-out/fan-in of 10 000 tasks over two worker processes; floor: plain CAF", troupe::bench::nodes_case},
    {"pipeline", "10-step pipelines, durable, one and 64 at a time; floor: ten commits of the store",
     troupe::bench::pipeline_case},
    {"memory", "10-step pipelines without a disk, 64 at a time", troupe::bench::memory_case},
    {"idle", "memory and time of 100 000 idle agents; floor: plain CAF actors", troupe::bench::idle_case},
    {"restart", "from an agent's crash to the answer of its next life; floor: plain CAF", troupe::bench::restart_case},
    {"team", "a team of four taking turns on a shared document, in memory and durable; floors: plain CAF, commits",
     troupe::bench::team_case},
    {"ask", "a team's member asks one on another node; floor: a task to that node", troupe::bench::ask_case},
    {"sleep", "1 000 agents that sleep 100 ms: what is added to that", troupe::bench::sleep_case},
};

void help() {
  std::cout << "usage: ./dev bench [NAME…] [--rounds N] [--json FILE] [--no-floors]\n\n"
               "  --rounds N   measure everything N times and show medians (default 5)\n"
               "  --json FILE  also write one JSON object per figure and line\n"
               "  --no-floors  measure ours alone: for a profile\n\n";
  for (const auto& x : cases)
    std::printf("  %-10s %s\n", x.name, x.help);
}

int run(const std::vector<std::string_view>& names, size_t rounds, bool floors, const std::string& file) {
  report out{rounds, floors};
  auto measure = [&](void (*what)(report&)) {
    auto before = out.figures().size();
    what(out);
    if (file.empty())
      return;
    std::ofstream lines{file, std::ios::app};
    for (size_t i = before; i < out.figures().size(); ++i)
      lines << json_line(out.figures()[i]) << '\n';
  };
  measure(troupe::bench::cache_line_case);
  for (const auto& x : cases) {
    if (!names.empty() && std::find(names.begin(), names.end(), x.name) == names.end())
      continue;
    std::cerr << "bench: " << x.name << '\n';
    measure(x.run);
  }
  std::cout << table(out.figures());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> words(argv + 1, argv + argc);
  spdlog::set_level(spdlog::level::err);
  std::vector<std::string_view> names;
  size_t rounds = 5;
  bool floors = true;
  std::string file;
  try {
    // The other processes that cases start: this program in another part.
    if (words.size() == 3 && words[0] == "--worker")
      return troupe::bench::worker_main(std::string{words[1]}, std::string{words[2]});
    if (words.size() == 1 && words[0] == "--echo")
      return troupe::bench::echo_main();
    if (words.size() == 1 && words[0] == "--plain-caf")
      return troupe::bench::plain_caf_main();
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "--rounds" && i + 1 < words.size())
        rounds = std::max(1UL, std::strtoul(words[++i].data(), nullptr, 10));
      else if (words[i] == "--json" && i + 1 < words.size())
        file = words[++i];
      else if (words[i] == "--no-floors")
        floors = false;
      else if (words[i].starts_with("-"))
        return help(), words[i] == "--help" || words[i] == "-h" ? 0 : 2;
      else
        names.push_back(words[i]);
    }
    for (auto name : names)
      if (std::none_of(std::begin(cases), std::end(cases), [&](const auto& x) { return x.name == name; })) {
        std::cerr << "bench: there is no case " << name << "\n\n";
        help();
        return 2;
      }
    return run(names, rounds, floors, file);
  } catch (const std::exception& why) {
    std::cerr << "bench: " << why.what() << '\n';
    return 1;
  }
}

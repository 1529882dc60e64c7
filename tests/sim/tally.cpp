#include "tests/sim/tally.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::sim {

namespace {

struct expectation {
  const char* name;
  /// In 10 000 worlds; about a third of what there is when all is well.
  uint64_t least;
};

constexpr std::array<expectation, static_cast<size_t>(sight::end_)> expectations = {{
    {"runs succeeded", 7'700},
    {"runs succeeded in part", 1'700},
    {"runs failed", 77},
    {"runs cancelled", 350},
    {"attempts begun", 50'000},
    {"attempts repeated", 8'700},
    {"tasks ahead of the journal", 8'000},
    {"tasks completed", 45'000},
    {"tasks lost", 1'700},
    {"timers fired", 3'400},
    {"aggregations", 7'100},
    {"cancellations acknowledged", 350},
    {"runs taken over", 3'000},
    {"claims refused", 12'000},
    {"owners fenced", 83},
    {"stale appends refused", 98},
    {"appends failed", 4'400},
    {"appends repeated", 2'400},
    {"late results dropped", 1'200},
    {"fenced results dropped", 0},
    {"results dropped by runs", 560},
    {"nodes lost", 2'900},
    {"nodes left", 510},
    {"nodes suspected", 1'000},
    {"workers fenced", 1'600},
    {"joins refused", 860},
    {"heartbeats refused", 930},
    {"tasks refused", 180},
    {"breakers opened", 170},
    {"agents crashed", 840},
    {"supervisors gave up", 130},
    {"hung agents replaced", 460},
    {"states compared", 64'000},
    {"journals replayed", 9'900},
    {"turns begun", 10'000},
    {"questions served", 5'000},
    {"messages delivered", 4'300},
    {"workspaces compared", 2'500},
    {"operations sent", 40'000},
    {"operations answered", 38'000},
    {"operations repeated", 300},
    {"operations that came twice", 0},
    {"conversations begun anew", 250},
    {"operations refused by hosts", 560},
    {"late operations dropped", 470},
    {"operations fenced", 50},
    {"operations beyond the bound", 970},
    {"answers to operations dropped", 420},
    {"teams taken over in mid-turn", 490},
    {"questions chosen among several", 70},
    {"questions answered", 2'400},
    {"answers to inboxes", 1'400},
    {"questions timed out", 1'700},
    {"questions to nobody who could answer", 85},
    {"deadlocks refused", 470},
    {"addressees refused", 560},
    {"writes out of turn refused", 1'200},
    {"conflicts rejected", 500},
    {"last writers", 300},
    {"writes merged", 1'200},
    {"merges refused", 0},
    {"votes won", 75},
    {"votes lost", 180},
    {"conflicts settled by agents", 290},
    {"resolvers failed", 5},
    {"conflicts settled by people", 75},
    {"conflicts in which people kept what there was", 30},
    {"conflicts that nobody settled in time", 160},
    {"decisions of people acknowledged", 110},
    {"decisions of people refused", 210},
    {"handoffs", 2'200},
    {"second handoffs refused", 690},
    {"turns sent back", 270},
    {"teams approved", 680},
    {"teams done by their condition", 110},
    {"teams done after all rounds", 1'000},
    {"teams with nobody to hand over to", 270},
    {"teams done by their selector", 390},
    {"teams at their bound", 110},
}};

/// Every kind of fault, in 10 000 worlds.
constexpr uint64_t least_faults = 800;

} // namespace

void tally::add(const tally& other) {
  for (size_t i = 0; i < seen.size(); ++i)
    seen[i] += other.seen[i];
  for (size_t i = 0; i < struck.size(); ++i)
    struck[i] += other.struck[i];
  worlds += other.worlds;
  runs += other.runs;
  events += other.events;
  simulated += other.simulated;
}

std::string to_string(const tally& x) {
  auto out = fmt::format("{} worlds, {} runs, {} events in {:.0f} s of their time\n", x.worlds, x.runs, x.events,
                         static_cast<double>(x.simulated) / second);
  size_t column = 0;
  auto put = [&](const char* name, uint64_t count) {
    auto item = fmt::format("{} {}", count, name);
    out += column == 0 ? "  " : column + item.size() > 110 ? ",\n  " : ", ";
    column = column == 0 || column + item.size() > 110 ? item.size() + 2 : column + item.size() + 2;
    out += item;
  };
  out += "what went wrong in them:\n";
  for (size_t i = 0; i < x.struck.size(); ++i)
    put(name_of(static_cast<fault::kind>(i)), x.struck[i]);
  out += "\nwhat was seen:\n";
  column = 0;
  for (size_t i = 0; i < x.seen.size(); ++i)
    put(expectations[i].name, x.seen[i]);
  return out + "\n";
}

std::string poverty(const tally& x) {
  std::string out;
  auto check = [&](const char* name, uint64_t count, uint64_t least) {
    auto wanted = least * x.worlds / 10'000;
    if (count < wanted)
      out += fmt::format("{}{} {} (at least {} expected)", out.empty() ? "" : ", ", count, name, wanted);
  };
  for (size_t i = 0; i < x.struck.size(); ++i)
    check(name_of(static_cast<fault::kind>(i)), x.struck[i], least_faults);
  for (size_t i = 0; i < x.seen.size(); ++i)
    check(expectations[i].name, x.seen[i], expectations[i].least);
  return out;
}

} // namespace troupe::sim

#include "tests/fuzz/target.hpp"

#include "tests/fuzz/input.hpp"

#include <ctime>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace troupe::fuzz {

namespace {

constexpr std::array all{
    target{"workflow", workflow_text, 1}, target{"jsonpath", jsonpath_query, 1}, target{"lua", lua_source, 1},
    target{"template", template_text, 1}, target{"json", json_text, 1},          target{"schema", schema_text, 1},
    target{"frames", link_frames, 1},     target{"journal", journal_record, 1},  target{"history", run_history, 1},
    target{"process", process_output, 1}, target{"stream", llm_stream, 1},
};

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

} // namespace

std::span<const target> targets() {
  return all;
}

const target* find_target(std::string_view name) {
  for (const auto& x : all)
    if (name == x.name)
      return &x;
  return nullptr;
}

void feed_in_time(const target& to, std::string_view data, double slowdown) {
  const auto before = processor_seconds();
  to.feed(data);
  const auto took = processor_seconds() - before;
  if (took <= to.seconds * slowdown)
    return;
  std::fprintf(stderr, "%s: %.2f s for %zu bytes, where %.2f s are allowed\n", to.name, took, data.size(),
               to.seconds * slowdown);
  std::abort();
}

void require(bool held, const char* law) {
  if (held)
    return;
  std::fprintf(stderr, "broken law: %s\n", law);
  std::abort();
}

} // namespace troupe::fuzz

// Feeds a target with files, without a fuzzer: `fuzz_regressions TARGET PATH…`, where a path is a file or a folder.
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& at) {
  if (!fs::is_directory(at))
    return {at};
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(at))
    if (entry.is_regular_file())
      out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

/// TROUPE_SLOWDOWN: how much slower than usual this build is (sanitizers).
double slowdown() {
  const auto* text = std::getenv("TROUPE_SLOWDOWN");
  const auto value = text ? std::atof(text) : 1;
  return value > 1 ? value : 1;
}

} // namespace

int main(int argc, char** argv) {
  const auto* to = argc > 1 ? troupe::fuzz::find_target(argv[1]) : nullptr;
  if (!to) {
    std::fprintf(stderr, "usage: fuzz_regressions TARGET PATH…\ntargets:");
    for (const auto& x : troupe::fuzz::targets())
      std::fprintf(stderr, " %s", x.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  size_t fed = 0;
  for (int i = 2; i < argc; ++i) {
    if (!fs::exists(argv[i]))
      continue;
    for (const auto& file : files_of(argv[i])) {
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);
      std::ifstream in{file, std::ios::binary};
      const std::string data{std::istreambuf_iterator<char>{in}, {}};
      troupe::fuzz::feed_in_time(*to, data, slowdown());
      ++fed;
    }
  }
  if (fed == 0)
    std::fprintf(stderr, "there was nothing to feed\n");
  return fed == 0 ? 1 : 0;
}

// What libFuzzer calls; compiled once per target, with TROUPE_FUZZ_TARGET as its name.
#include "tests/fuzz/target.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const to = troupe::fuzz::find_target(TROUPE_FUZZ_TARGET);
  troupe::fuzz::feed_in_time(*to, std::string_view{reinterpret_cast<const char*>(data), size});
  return 0;
}

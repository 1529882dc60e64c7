#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace troupe {
class store;
}

namespace troupe::bench {

/// The floor for everything durable: the store with nothing above it, in a folder of its own.
class bare_store {
public:
  bare_store();
  ~bare_store();

  /// Seconds of `count` commits of one event each: a result with this output (JSON). Before each, the processor is kept
  /// busy for `pause` seconds: disks of virtual machines answer sooner who comes again at once.
  double commit(size_t count, const std::string& output = "null", double pause = 0);

private:
  std::filesystem::path folder_;
  std::unique_ptr<store> store_;
  uint64_t seq_ = 0;
};

} // namespace troupe::bench

#pragma once

#include "bench/worker_process.hpp"

#include <cstddef>
#include <vector>

namespace troupe::bench {

/// The floor for two processes: a blocking TCP socket over loopback to a child that sends back what it gets.
class bare_socket {
public:
  bare_socket();
  ~bare_socket();

  /// Seconds of each of `count` round trips of 100 bytes.
  std::vector<double> round_trips(size_t count);

private:
  child echo_;
  int socket_ = -1;
};

/// Prints its port, then echoes until its parent goes away.
int echo_main();

} // namespace troupe::bench

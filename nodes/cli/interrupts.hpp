#pragma once

namespace troupe::cli {

/// While one exists, the first SIGINT or SIGTERM sets a flag instead of ending the process; the second ends it at once
/// (exit code 130). One at a time.
class interrupts {
public:
  interrupts();
  ~interrupts();
  interrupts(const interrupts&) = delete;
  interrupts& operator=(const interrupts&) = delete;

  bool raised() const;
};

} // namespace troupe::cli

#include "nodes/cli/interrupts.hpp"

#include "nodes/cli/exit_code.hpp"

#include <unistd.h>

#include <csignal>

namespace troupe::cli {

namespace {

volatile std::sig_atomic_t interrupt_count = 0;

/// A signal handler: nothing but a counter and _exit.
void on_signal(int) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1)
    _exit(static_cast<int>(exit_code::interrupted));
}

void handle_with(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

} // namespace

interrupts::interrupts() {
  interrupt_count = 0;
  handle_with(on_signal);
}

interrupts::~interrupts() {
  handle_with(SIG_DFL);
}

bool interrupts::raised() const {
  return interrupt_count > 0;
}

} // namespace troupe::cli

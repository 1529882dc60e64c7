#include "nodes/cli/command_line.hpp"
#include "nodes/cli/commands.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace {

/// Who reads no further (`troupe … | head`) has what they want.
bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

} // namespace

int main(int argc, char** argv) {
  using namespace troupe::cli;
  // A reader that goes away is seen as a failed write.
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  console io{std::cin, std::cout, std::cerr};
  winsize size{};
  if (isatty(STDERR_FILENO) == 1 && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) {
    io.err_is_terminal = true;
    io.width = size.ws_col > 0 ? size.ws_col : 80;
  }
  try {
    auto commands = all_commands();
    auto code = run_command_line(commands, {argv + 1, argv + argc}, io);
    std::cout.flush();
    if (!std::cout && !reader_is_gone()) {
      std::cerr << "troupe: the output could not be written; is the disk full?\n";
      return static_cast<int>(code == exit_code::done ? exit_code::failed : code);
    }
    return static_cast<int>(code);
  } catch (const std::exception& fault) {
    std::cerr << "troupe: " << fault.what() << '\n';
    return static_cast<int>(exit_code::failed);
  }
}

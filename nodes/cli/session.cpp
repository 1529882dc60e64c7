#include "nodes/cli/session.hpp"

#include "nodes/cli/documents.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/node/logging.hpp"
#include "nodes/node/node.hpp"

#include <unistd.h>

#include <cstdlib>
#include <ostream>
#include <utility>

namespace troupe::cli {

namespace {

constexpr milliseconds longest_answer{60'000};

} // namespace

session::session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

session::~session() {
  client_.reset();
  if (node_) {
    node_->stop();
    node_.reset();
    flush_logging();
  }
}

std::string session::owner() const {
  return node_ ? node_->boot_id() : std::string{};
}

std::string session::own_address() const {
  return node_ ? node_->listen_address() : std::string{};
}

std::vector<argument> session_arguments(session_flags& flags, bool with_data) {
  std::vector<argument> out{
      {.names = "--connect",
       .target = &flags.connect,
       .help = "Address of a coordinator (default: $TROUPE_CONNECT, else 127.0.0.1:7400)",
       .value = "HOST:PORT"},
      {.names = "--json", .target = &flags.as_json, .help = "Print JSON"},
      {.names = "--patience",
       .target = &flags.patience,
       .help = "How long the coordinator may take to answer (default: 60s)",
       .value = "DURATION"},
  };
  if (with_data)
    out.push_back({.names = "--data",
                   .target = &flags.data,
                   .help = "Instead of a coordinator: the journal in this folder",
                   .value = "DIR",
                   .completes = completion::directory});
  return out;
}

tl::expected<session, exit_code> session::open(const session_flags& flags, console& io) {
  if (!flags.data.empty()) {
    if (!flags.connect.empty()) {
      io.err << "troupe: --connect and --data exclude each other: a journal has one coordinator\n";
      return tl::unexpected(exit_code::bad_input);
    }
    return open_local(flags, io);
  }
  auto address = flags.connect;
  const auto* from_environment = std::getenv("TROUPE_CONNECT");
  if (address.empty() && from_environment != nullptr)
    address = from_environment;
  if (address.empty())
    address = "127.0.0.1:7400";
  client_options options;
  options.name = "troupe";
  options.request_timeout = longest_answer;
  if (!flags.patience.empty()) {
    auto patience = read_duration(flags.patience);
    if (!patience) {
      complain(io, patience.error());
      return tl::unexpected(exit_code::bad_input);
    }
    options.request_timeout = *patience;
  }
  options.on_slow = [&err = io.err, address, patience = options.request_timeout] {
    err << "troupe: " << printable(address) << " has not answered yet; waiting for it for up to "
        << format_duration(patience.count()) << std::endl;
  };
  auto connected = client::connect(address, options);
  if (!connected) {
    auto code = complain(io, connected.error());
    if (code == exit_code::unreachable)
      io.err << "no coordinator answers at " << printable(address)
             << "; start one (troupe up), or say where one is: --connect HOST:PORT or TROUPE_CONNECT\n";
    return tl::unexpected(code);
  }
  session out;
  out.client_ = std::make_unique<client>(std::move(*connected));
  return out;
}

tl::expected<session, exit_code> session::open_local(const session_flags& flags, console& io) {
  node_config config;
  config.name = "local-" + std::to_string(getpid());
  config.coordinator = true;
  config.worker = true;
  config.listen = "127.0.0.1:0";
  config.data = flags.data;
  // Whoever looks at a single run wants to see the run.
  config.log_level = "error";
  set_up_logging(config);
  session out;
  auto started = node::start(std::move(config));
  if (!started) {
    flush_logging();
    return tl::unexpected(complain(io, started.error()));
  }
  out.node_ = std::move(*started);
  client_options options;
  options.name = "troupe";
  auto connected = client::connect(out.node_->listen_address(), options);
  if (!connected)
    return tl::unexpected(complain(io, connected.error()));
  out.client_ = std::make_unique<client>(std::move(*connected));
  return out;
}

exit_code complain(console& io, const error& x) {
  io.err << "troupe: " << printable(x.message) << '\n';
  return exit_code_of(x);
}

} // namespace troupe::cli

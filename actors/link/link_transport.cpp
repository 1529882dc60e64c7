#include "actors/link/link_transport.hpp"

#include "actors/link/link_dialer.hpp"
#include "actors/link/tcp_link.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <pthread.h>

#include <exception>

namespace troupe {

namespace {

constexpr milliseconds accept_pause{100};

/// Dropping a link that holds less than this would help nobody.
constexpr size_t worth_dropping = size_t{1} << 20;

error stops() {
  return {v1::ERROR_CODE_UNAVAILABLE, "this process stops", true};
}

} // namespace

result<void> validate(const link_config& config) {
  auto bad = [](const char* what) { return fail(v1::ERROR_CODE_INVALID_INPUT, what); };
  if (config.self.name().empty() || config.self.boot_id().empty() || config.self.role().empty())
    return bad("a process needs a name, a boot id and a role to open links");
  if (config.frames.piece == 0 || config.frames.piece > config.frames.max_frame)
    return bad("frames.piece must be from 1 to frames.max_frame");
  if (config.frames.max_frame > UINT32_MAX || config.frames.max_frame > config.frames.max_message)
    return bad("frames.max_frame must be at most frames.max_message and 4 GiB");
  if (config.frames.max_message > (size_t{1} << 30))
    return bad("frames.max_message must be at most 1 GiB");
  if (config.write_bound < config.frames.max_message)
    return bad("write_bound must be at least frames.max_message");
  if (config.memory_bound < config.write_bound)
    return bad("memory_bound must be at least write_bound");
  if (config.handshake.count() <= 0 || config.max_connections == 0 || config.max_strangers == 0)
    return bad("handshake, max_connections and max_strangers must be above 0");
  return {};
}

result<void> check_exposure(const link_core& core, const asio::ip::address& at) {
  if (at.is_loopback() || core.is_secure())
    return {};
  if (!core.config.insecure_network)
    return fail(v1::ERROR_CODE_FORBIDDEN, at.to_string()
                                              + " is no loopback address and links have no TLS; use 127.0.0.1, or set "
                                                "insecure_network: true on a network that you trust");
  spdlog::warn("link uses {} without TLS: everybody on that network can read and control this cluster", at.to_string());
  return {};
}

// -- the core ---------------------------------------------------------------------------------------------------------

link_core::link_core(link_config cfg, prometheus::Registry* metrics) : config{std::move(cfg)}, probe{metrics} {}

void link_core::run() {
  pthread_setname_np(pthread_self(), "troupe-link");
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception& x) {
      spdlog::error("link thread caught: {}", x.what());
    }
  }
  // What close_all has cancelled reports back; a name lookup that hangs is left behind.
  io.restart();
  work.reset();
  io.run_for(milliseconds{500});
}

void link_core::accept(std::shared_ptr<listener> from) {
  from->acceptor.async_accept([this, from](const boost::system::error_code& failed, tcp::socket socket) {
    if (!from->acceptor.is_open())
      return;
    if (failed)
      // Out of descriptors, most likely: the pending connection stays pending, so give others time to end.
      return after(accept_pause, [this, from] { accept(from); });
    if (strangers.size() >= config.max_strangers) {
      if (auto oldest = strangers.front().lock())
        oldest->drop({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "too many peers introduce themselves", true});
      probe.peer_refused();
    }
    auto accepted = [from](result<link_ptr> x) { return x ? from->handler(std::move(*x)) : link_receiver{}; };
    std::make_shared<tcp_link>(shared_from_this(), std::move(socket), true, std::move(accepted))
        ->start(config.handshake);
    accept(from);
  });
}

void link_core::relieve() {
  while (held > config.memory_bound) {
    std::shared_ptr<tcp_link> worst;
    size_t most = worth_dropping;
    for (const auto& x : links) {
      if (auto holds = x->holds(); holds > most) {
        most = holds;
        worst = x;
      }
    }
    // The rest belongs to links that are gone, and to whoever still works on what came over them.
    if (!worst)
      return;
    spdlog::warn("link drops its peer {}: all links together hold more than {} MiB, and this one the most ({} MiB)",
                 worst->peer().name(), config.memory_bound >> 20, most >> 20);
    probe.peer_refused();
    worst->drop({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the links of this process hold too much", true});
  }
}

void link_core::after(milliseconds delay, std::function<void()> action) {
  asio::post(io, [weak = weak_from_this(), delay, action = std::move(action)]() mutable {
    auto self = weak.lock();
    if (!self || self->stopped)
      return;
    auto timer = std::make_shared<asio::steady_timer>(self->io, delay);
    self->timers.insert(timer);
    timer->async_wait([weak, timer, action = std::move(action)](const boost::system::error_code& failed) {
      if (auto owner = weak.lock(); owner && owner->timers.erase(timer) > 0 && !failed)
        action();
    });
  });
}

void link_core::connect(const address& to, milliseconds timeout, link_connector::connected_handler handler) {
  if (stopped) {
    handler(tl::unexpected<error>{stops()});
    return;
  }
  asio::post(io, [weak = weak_from_this(), to, timeout, handler = std::move(handler)]() mutable {
    auto self = weak.lock();
    if (self && !self->stopped)
      std::make_shared<link_dialer>(*self, std::move(to), timeout, std::move(handler))->start();
    else
      handler(tl::unexpected<error>{stops()});
  });
}

void link_core::close_all() {
  boost::system::error_code ignored;
  for (auto& x : listeners)
    x->acceptor.close(ignored);
  listeners.clear();
  for (auto& x : std::vector(dialers.begin(), dialers.end()))
    x->fail(stops());
  for (auto& x : std::vector(links.begin(), links.end()))
    x->drop(stops());
  for (auto& x : std::exchange(timers, {}))
    x->cancel();
}

// -- the transport ----------------------------------------------------------------------------------------------------

link_transport::link_transport(link_config config, prometheus::Registry* metrics) {
  config.self.set_protocol(link_protocol);
  core_ = std::make_shared<link_core>(std::move(config), metrics);
  core_->thread = std::thread([core = core_.get()] { core->run(); });
}

link_transport::~link_transport() {
  stop();
}

result<address> link_transport::listen(const address& at, accepted_handler handler) {
  boost::system::error_code failed;
  tcp::resolver resolver{core_->io};
  auto found = resolver.resolve(at.host, std::to_string(at.port), tcp::resolver::passive, failed);
  if (failed || found.empty())
    return fail(v1::ERROR_CODE_UNAVAILABLE, "cannot listen on " + to_string(at) + ": " + failed.message());
  auto endpoint = found.begin()->endpoint();
  if (auto ok = check_exposure(*core_, endpoint.address()); !ok)
    return tl::unexpected<error>{ok.error()};
  auto x = std::make_shared<link_core::listener>(link_core::listener{tcp::acceptor{core_->io}, std::move(handler)});
  x->acceptor.open(endpoint.protocol(), failed);
  if (!failed)
    x->acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed)
    x->acceptor.bind(endpoint, failed);
  if (!failed)
    x->acceptor.listen(tcp::acceptor::max_listen_connections, failed);
  if (failed)
    return fail(v1::ERROR_CODE_UNAVAILABLE, "cannot listen on " + to_string(at) + ": " + failed.message());
  address bound{at.host, x->acceptor.local_endpoint().port()};
  asio::post(core_->io, [core = core_.get(), x] {
    core->listeners.push_back(x);
    core->accept(x);
  });
  return bound;
}

void link_transport::connect(const address& to, milliseconds timeout, connected_handler handler) {
  core_->connect(to, timeout, std::move(handler));
}

void link_transport::after(milliseconds delay, std::function<void()> action) {
  core_->after(delay, std::move(action));
}

void link_transport::stop_listening() {
  asio::post(core_->io, [core = core_.get()] {
    boost::system::error_code ignored;
    for (auto& x : core->listeners)
      x->acceptor.close(ignored);
    core->listeners.clear();
  });
}

void link_transport::stop() {
  std::lock_guard guard{core_->stopping};
  if (!core_->thread.joinable())
    return;
  core_->stopped = true;
  asio::post(core_->io, [core = core_.get()] {
    core->close_all();
    core->io.stop();
  });
  core_->thread.join();
}

} // namespace troupe

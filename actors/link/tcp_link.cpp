#include "actors/link/tcp_link.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <exception>

namespace troupe {

namespace {

/// Of a stranger: a Hello fits, nothing else needs to.
constexpr frame_limits stranger_limits{.max_frame = 16 << 10, .piece = 16 << 10, .max_message = 16 << 10};

/// How long a closing link may take to write what it has and to hear the peer's end.
constexpr milliseconds linger_time{1'000};

/// Most bytes that one flush writes, so that no caller of `write` works for another one's queue for long.
constexpr size_t flush_budget = size_t{1} << 20;

constexpr size_t pieces_per_write = 64;

/// Smaller changes of what a link holds are not told to the others: that would cost each message something.
constexpr size_t hold_step = size_t{64} << 10;

error gone(std::string why) {
  return {v1::ERROR_CODE_UNAVAILABLE, std::move(why), true};
}

/// The kernel gives up on a peer that vanished without a word: an idle one after 15 + 3·5 s, one that does not
/// acknowledge data after 20 s. Heartbeats, where there are some, are faster.
void set_options(tcp::socket& socket) {
  auto set = [fd = socket.native_handle()](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof(value));
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 20'000);
}

} // namespace

tcp_link::tcp_link(std::shared_ptr<link_core> core, tcp::socket socket, bool accepted, opened_handler handler)
    : core_{std::move(core)}, socket_{std::move(socket)}, deadline_{core_->io}, accepted_{accepted},
      opened_{std::move(handler)}, decoder_{stranger_limits}, queue_{core_->config.frames, core_->config.write_bound} {
  set_options(socket_);
  stream_ = core_->is_secure() ? core_->config.secure_stream(socket_.native_handle(), accepted_)
                               : plain_stream(socket_.native_handle());
}

tcp_link::~tcp_link() {
  // What is undealt is taken off by whoever holds it.
  core_->held -= unread_ + unwritten_;
}

void tcp_link::hold(std::atomic<size_t>& part, size_t bytes) {
  auto was = part.load(std::memory_order_relaxed);
  if (bytes < was + hold_step && was < bytes + hold_step)
    return;
  part = bytes;
  core_->held += bytes - was;
}

// -- the write side ---------------------------------------------------------------------------------------------------

send_status tcp_link::write(std::string_view envelope, send_options options) {
  std::lock_guard guard{mutex_};
  if (!writable_)
    return send_status::closed;
  switch (queue_.push(envelope, options.urgent)) {
  case write_queue::outcome::full:
    return send_status::full;
  case write_queue::outcome::too_large:
    return send_status::too_large;
  case write_queue::outcome::queued:
    break;
  }
  core_->probe.message_sent();
  hold(unwritten_, queue_.bytes());
  if (waits_writable_) {
    if (core_->held > core_->config.memory_bound)
      asio::post(core_->io, [core = core_] { core->relieve(); });
    return send_status::sent;
  }
  if (!options.more) {
    flush();
  } else if (!flush_posted_) {
    flush_posted_ = true;
    asio::post(core_->io, [weak = weak_from_this()] {
      if (auto self = weak.lock()) {
        std::lock_guard inner{self->mutex_};
        self->flush_posted_ = false;
        if (!self->waits_writable_)
          self->flush();
      }
    });
  }
  return send_status::sent;
}

void tcp_link::flush() {
  size_t written = 0;
  while (!queue_.empty() && !socket_closed_) {
    if (written >= flush_budget)
      return wait_writable();
    pieces_.clear();
    queue_.gather(pieces_, pieces_per_write);
    auto x = stream_->write(pieces_);
    if (x.status == byte_stream::outcome::want_write || x.status == byte_stream::outcome::want_read)
      return wait_writable();
    if (x.status != byte_stream::outcome::done) {
      writable_ = false;
      asio::post(core_->io, [weak = weak_from_this(), reason = gone("writing failed: " + x.reason)] {
        if (auto self = weak.lock())
          self->drop(reason);
      });
      return;
    }
    queue_.consume(x.bytes);
    hold(unwritten_, queue_.bytes());
    core_->probe.sent(x.bytes);
    written += x.bytes;
  }
}

void tcp_link::wait_writable() {
  waits_writable_ = true;
  asio::dispatch(core_->io, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self || self->phase_ == phase::gone)
      return;
    self->socket_.async_wait(tcp::socket::wait_write, [self](const boost::system::error_code& failed) {
      if (failed)
        return;
      {
        std::lock_guard guard{self->mutex_};
        self->waits_writable_ = false;
        self->flush();
      }
      if (self->phase_ == phase::closing)
        self->finish_writing();
    });
  });
}

void tcp_link::close(error reason) {
  {
    std::lock_guard guard{mutex_};
    if (!writable_)
      return;
    writable_ = false;
  }
  asio::post(core_->io, [weak = weak_from_this(), reason = std::move(reason)] {
    if (auto self = weak.lock())
      self->linger(reason);
  });
}

// -- the read side ----------------------------------------------------------------------------------------------------

void tcp_link::wait_readable() {
  if (phase_ == phase::gone)
    return;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& failed) {
    if (failed)
      return;
    try {
      self->read_some();
    } catch (const std::exception& x) {
      spdlog::error("link to {} failed: {}", self->peer_.name(), x.what());
      self->drop({v1::ERROR_CODE_INTERNAL, x.what(), true});
    }
  });
}

bool tcp_link::take(std::string_view bytes, link_batch& batch) {
  auto& envelope = batch.messages.emplace_back();
  if (auto ok = parse_envelope(bytes, envelope); !ok) {
    batch.messages.pop_back();
    refuse(ok.error());
    return false;
  }
  if (phase_ == phase::introducing) {
    open(envelope);
    batch.messages.pop_back();
    return phase_ == phase::open;
  }
  if (envelope.has_error() && envelope.correlation() == 0) {
    // Not an answer: the peer says why it ends the link.
    error reason{envelope.error().code(), "the peer ends the link: " + envelope.error().message(),
                 envelope.error().retryable()};
    batch.messages.pop_back();
    linger(reason);
    return false;
  }
  return true;
}

void tcp_link::read_some() {
  // A few reads at a stretch make large batches; then the other links have their turn.
  constexpr int reads_per_turn = 4;
  auto batch = std::make_unique<link_batch>();
  size_t bytes = 0;
  std::optional<error> ended;
  for (int i = 0; i < reads_per_turn; ++i) {
    auto x = stream_->read(core_->read_buffer);
    if (x.status == byte_stream::outcome::end)
      ended = gone("the peer closed the connection");
    else if (x.status == byte_stream::outcome::failed)
      ended = gone("the connection broke: " + x.reason);
    if (x.status != byte_stream::outcome::done)
      break;
    if (phase_ == phase::closing)
      continue; // the peer may still talk; nobody listens
    bytes += x.bytes;
    bool reading = true;
    auto fed = decoder_.feed({core_->read_buffer.data(), x.bytes},
                             [&](std::string_view message) { reading = reading && take(message, *batch); });
    if (reading && !fed)
      refuse(fed.error());
    if (!reading || !fed || x.bytes < core_->read_buffer.size())
      break;
  }
  hold(unread_, decoder_.buffered());
  core_->probe.received(bytes, batch->messages.size());
  if (!batch->messages.empty())
    deliver(std::move(batch), bytes);
  if (ended)
    return drop(*ended);
  if (core_->held > core_->config.memory_bound)
    core_->relieve();
  if (undealt_ > core_->config.read_window) {
    paused_ = true;
    if (undealt_ > core_->config.read_window / 2 || !paused_.exchange(false))
      return; // `release` goes on
  }
  wait_readable();
}

void tcp_link::deliver(std::unique_ptr<link_batch> batch, size_t bytes) {
  if (phase_ != phase::open || !receiver_.on_messages)
    return;
  undealt_ += bytes;
  core_->held += bytes;
  receiver_.on_messages(link_batch_ptr(batch.release(), [core = core_, weak = weak_from_this(), bytes](link_batch* x) {
    delete x;
    core->held -= bytes;
    if (auto self = weak.lock())
      self->release(bytes);
  }));
}

void tcp_link::release(size_t bytes) {
  auto left = undealt_.fetch_sub(bytes) - bytes;
  if (left <= core_->config.read_window / 2 && paused_.exchange(false))
    asio::post(core_->io, [weak = weak_from_this()] {
      if (auto self = weak.lock())
        self->wait_readable();
    });
}

// -- the end ----------------------------------------------------------------------------------------------------------

void tcp_link::refuse(const error& reason) {
  core_->probe.peer_refused();
  spdlog::debug("link refuses its peer {}: {}", peer_.name(), reason.message);
  v1::Envelope last;
  last.set_id(next_id());
  last.set_to_boot_id(peer_.boot_id());
  *last.mutable_error() = reason.to_proto();
  {
    std::lock_guard guard{mutex_};
    queue_.push(last.SerializeAsString());
  }
  linger(reason);
}

void tcp_link::linger(const error& reason) {
  if (phase_ == phase::closing || phase_ == phase::gone)
    return;
  phase_ = phase::closing;
  {
    std::lock_guard guard{mutex_};
    writable_ = false;
    if (!waits_writable_)
      flush();
  }
  arm_deadline(std::chrono::steady_clock::now() + linger_time, reason);
  finish_writing();
  tell_closed(reason);
}

void tcp_link::finish_writing() {
  std::lock_guard guard{mutex_};
  boost::system::error_code ignored;
  if (queue_.empty())
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void tcp_link::tell_closed(const error& reason) {
  if (counted_) {
    counted_ = false;
    core_->probe.link_closed();
    core_->accepted_open -= accepted_ ? 1 : 0;
  }
  auto receiver = std::exchange(receiver_, {});
  if (auto opened = std::exchange(opened_, nullptr))
    opened(tl::unexpected<error>{reason});
  else if (receiver.on_closed)
    receiver.on_closed(reason);
}

void tcp_link::drop(const error& reason) {
  if (phase_ == phase::gone)
    return;
  auto self = shared_from_this();
  phase_ = phase::gone;
  disarm_deadline();
  leave_strangers();
  {
    std::lock_guard guard{mutex_};
    writable_ = false;
    socket_closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    queue_ = write_queue{core_->config.frames, core_->config.write_bound};
    hold(unwritten_, 0);
  }
  decoder_ = frame_decoder{stranger_limits};
  hold(unread_, 0);
  core_->links.erase(self);
  tell_closed(reason);
}

} // namespace troupe

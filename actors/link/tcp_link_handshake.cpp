// From a socket to an open link: encryption, and who the peer is, within the time that a stranger has.
#include "actors/link/tcp_link.hpp"

#include "runtime/core/own_pause.hpp"

#include <utility>

namespace troupe {

void tcp_link::start(milliseconds deadline) {
  core_->links.insert(shared_from_this());
  if (accepted_)
    stranger_ = core_->strangers.insert(core_->strangers.end(), weak_from_this());
  arm_deadline(std::chrono::steady_clock::now() + deadline,
               {v1::ERROR_CODE_TIMED_OUT, "the peer did not introduce itself in time", true});
  secure();
}

void tcp_link::arm_deadline(std::chrono::steady_clock::time_point due, error reason) {
  deadline_.expires_at(due);
  deadline_.async_wait(
      [weak = weak_from_this(), due, reason = std::move(reason)](const boost::system::error_code& failed) {
        auto self = weak.lock();
        // Where it has been disarmed in the same moment, this was on its way already.
        if (!self || failed || self->deadline_.expiry() != due)
          return;
        if (auto later = without_own_pause(due, std::chrono::steady_clock::now()); later != due)
          self->arm_deadline(later, reason);
        else
          self->drop(reason);
      });
}

void tcp_link::disarm_deadline() {
  deadline_.expires_at(std::chrono::steady_clock::time_point::max());
}

void tcp_link::secure() {
  if (phase_ != phase::securing)
    return;
  auto x = stream_->handshake();
  auto again = [self = shared_from_this()](const boost::system::error_code& failed) {
    if (!failed)
      self->secure();
  };
  if (x.status == byte_stream::outcome::done)
    introduce();
  else if (x.status == byte_stream::outcome::want_read)
    socket_.async_wait(tcp::socket::wait_read, again);
  else if (x.status == byte_stream::outcome::want_write)
    socket_.async_wait(tcp::socket::wait_write, again);
  else
    drop({v1::ERROR_CODE_UNAVAILABLE, "the connection could not be secured: " + x.reason, true});
}

void tcp_link::introduce() {
  phase_ = phase::introducing;
  v1::Envelope first;
  first.set_id(next_id());
  *first.mutable_hello() = core_->config.self;
  {
    std::lock_guard guard{mutex_};
    queue_.push(first.SerializeAsString());
    flush();
  }
  wait_readable();
}

void tcp_link::open(const v1::Envelope& first) {
  if (first.has_error())
    return refuse({first.error().code(), "the peer refuses: " + first.error().message(), first.error().retryable()});
  if (auto ok = check_hello(first, core_->config.self); !ok)
    return refuse(ok.error());
  if (accepted_ && core_->accepted_open >= core_->config.max_connections)
    return refuse({v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                   "this node has its " + std::to_string(core_->config.max_connections) + " connections", true});
  phase_ = phase::open;
  peer_ = first.hello();
  disarm_deadline();
  leave_strangers();
  decoder_.set_limits(core_->config.frames);
  core_->probe.link_opened();
  counted_ = true;
  core_->accepted_open += accepted_ ? 1 : 0;
  {
    std::lock_guard guard{mutex_};
    writable_ = true;
  }
  receiver_ = std::exchange(opened_, nullptr)(link_ptr{shared_from_this()});
  if (!receiver_.on_messages)
    close({v1::ERROR_CODE_UNAVAILABLE, "nobody here takes this link", true});
}

void tcp_link::leave_strangers() {
  if (stranger_)
    core_->strangers.erase(*stranger_);
  stranger_.reset();
}

} // namespace troupe

#include "actors/link/link_dialer.hpp"

#include "actors/link/tcp_link.hpp"
#include "runtime/core/own_pause.hpp"

#include <boost/asio/connect.hpp>

#include <algorithm>

namespace troupe {

link_dialer::link_dialer(link_core& core, address to, milliseconds timeout, link_connector::connected_handler handler)
    : core_{core}, to_{std::move(to)}, due_{std::chrono::steady_clock::now() + timeout}, handler_{std::move(handler)},
      resolver_{core.io}, socket_{core.io}, deadline_{core.io} {}

void link_dialer::fail(error reason) {
  auto self = shared_from_this();
  boost::system::error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
  deadline_.cancel();
  core_.dialers.erase(self);
  if (auto handler = std::exchange(handler_, nullptr))
    handler(tl::unexpected<error>{std::move(reason)});
}

void link_dialer::arm_deadline() {
  deadline_.expires_at(due_);
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& failed) {
    auto self = weak.lock();
    if (!self || failed)
      return;
    auto due = without_own_pause(self->due_, std::chrono::steady_clock::now());
    if (std::exchange(self->due_, due) != due)
      self->arm_deadline();
    else
      self->fail({v1::ERROR_CODE_TIMED_OUT, "no connection to " + to_string(self->to_) + " in time", true});
  });
}

void link_dialer::start() {
  core_.dialers.insert(shared_from_this());
  arm_deadline();
  boost::system::error_code not_a_number;
  auto ip = asio::ip::make_address(to_.host, not_a_number);
  if (!not_a_number)
    return dial({tcp::endpoint{ip, to_.port}});
  resolver_.async_resolve(
      to_.host, std::to_string(to_.port),
      [self = shared_from_this()](const boost::system::error_code& failed, const tcp::resolver::results_type& found) {
        if (!self->handler_)
          return;
        if (failed)
          return self->fail(
              {v1::ERROR_CODE_UNAVAILABLE, "host " + self->to_.host + " is unknown: " + failed.message(), true});
        std::vector<tcp::endpoint> endpoints;
        for (auto& entry : found)
          endpoints.push_back(entry.endpoint());
        self->dial(endpoints);
      });
}

void link_dialer::dial(const std::vector<tcp::endpoint>& endpoints) {
  for (auto& endpoint : endpoints)
    if (auto ok = check_exposure(core_, endpoint.address()); !ok)
      return fail(ok.error());
  auto targets = std::make_shared<std::vector<tcp::endpoint>>(endpoints);
  asio::async_connect(socket_, *targets,
                      [self = shared_from_this(), targets](const boost::system::error_code& failed, const auto&) {
                        if (!self->handler_)
                          return;
                        if (failed)
                          self->fail({v1::ERROR_CODE_UNAVAILABLE,
                                      "no connection to " + to_string(self->to_) + ": " + failed.message(), true});
                        else
                          self->connected();
                      });
}

void link_dialer::connected() {
  auto left = std::chrono::duration_cast<milliseconds>(due_ - std::chrono::steady_clock::now());
  deadline_.cancel();
  core_.dialers.erase(shared_from_this());
  std::make_shared<tcp_link>(core_.shared_from_this(), std::move(socket_), false, std::exchange(handler_, nullptr))
      ->start(std::max(left, milliseconds{1}));
}

} // namespace troupe

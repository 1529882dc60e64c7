#pragma once

#include "actors/link/link_core.hpp"

namespace troupe {

/// One attempt to reach a peer: resolve, connect, hand over to a tcp_link; all within one deadline. Lives on the I/O
/// thread. For the .cpp files of this folder only.
class link_dialer : public std::enable_shared_from_this<link_dialer> {
public:
  link_dialer(link_core& core, address to, milliseconds timeout, link_connector::connected_handler handler);

  void start();

  /// Gives up.
  void fail(error reason);

private:
  void arm_deadline();
  void dial(const std::vector<tcp::endpoint>& endpoints);
  void connected();

  /// Outlives this: it owns the I/O context that runs us.
  link_core& core_;
  address to_;
  std::chrono::steady_clock::time_point due_;
  link_connector::connected_handler handler_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
};

} // namespace troupe

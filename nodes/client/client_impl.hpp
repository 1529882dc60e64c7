#pragma once

// Inside of the client library only: users need neither links nor sockets.
#include "actors/link/link_client.hpp"
#include "nodes/client/client.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace troupe {

/// A coordinator that is started again needs this long at most to be there: its store, its journal, its port.
inline constexpr milliseconds longest_outage{30'000};
inline constexpr milliseconds shortest_retry{100};
inline constexpr milliseconds longest_retry{2'000};
inline constexpr milliseconds idle_interval{100};

/// Whether watching again may help.
inline bool is_passing(const error& why) {
  return why.code == v1::ERROR_CODE_UNAVAILABLE || why.code == v1::ERROR_CODE_TIMED_OUT
         || why.code == v1::ERROR_CODE_RESOURCE_EXHAUSTED;
}

inline milliseconds left_until(std::chrono::steady_clock::time_point due) {
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(due - std::chrono::steady_clock::now()));
}

struct client::impl {
  client_options options;
  std::string address;

  result<void> connect() {
    link_client_options how;
    how.name = options.name;
    how.cluster = options.cluster;
    how.connect_timeout = options.connect_timeout;
    how.insecure_network = options.insecure_network;
    auto connected = link_client::connect(address, how);
    if (!connected)
      return tl::unexpected(std::move(connected.error()));
    std::lock_guard lock{mutex_};
    link_ = std::move(*connected);
    return {};
  }

  result<void> reconnect() {
    return link()->is_connected() ? result<void>{} : connect();
  }

  /// Stays good for whoever has it while another thread connects again.
  std::shared_ptr<link_client> link() {
    std::lock_guard lock{mutex_};
    return link_;
  }

  /// `take` finds the answer in an envelope; null when it is another message.
  template <class Reply>
  static result<Reply> unpack(link_client::answer answer, Reply* (*take)(v1::Envelope&)) {
    if (!answer)
      return tl::unexpected(std::move(answer.error()));
    if (auto* reply = take(*answer))
      return std::move(*reply);
    return fail(v1::ERROR_CODE_INTERNAL, "the coordinator answered something else than was asked for");
  }

  /// What the coordinator itself answers, and so at once unless it is busy.
  template <class Reply>
  result<Reply> ask(v1::Envelope question, Reply* (*take)(v1::Envelope&)) {
    auto outcome = std::make_shared<std::promise<link_client::answer>>();
    auto done = outcome->get_future();
    auto to = link();
    to->request(std::move(question), options.request_timeout,
                [outcome](link_client::answer x) { outcome->set_value(std::move(x)); });
    if (options.on_slow && done.wait_for(options.slow_after) == std::future_status::timeout)
      options.on_slow();
    return unpack(done.get(), take);
  }

private:
  std::mutex mutex_;
  std::shared_ptr<link_client> link_;
};

} // namespace troupe

#pragma once

#include "actors/link/link_transport.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// One end of a connection without a network: keeps what is written. For tests on one thread.
class fake_link : public link_connection {
public:
  explicit fake_link(const std::string& role, const std::string& name = "peer") {
    peer_.set_role(role);
    peer_.set_name(name);
    peer_.set_boot_id(name + "-boot");
  }

  const v1::Hello& peer() const override {
    return peer_;
  }

  const std::string& own_boot_id() const override {
    return own_boot_id_;
  }

  send_status write(std::string_view envelope, send_options) override {
    if (closed)
      return send_status::closed;
    if (next_status != send_status::sent)
      return std::exchange(next_status, send_status::sent);
    if (envelope.size() > limit)
      return send_status::too_large;
    written.emplace_back().ParseFromArray(envelope.data(), static_cast<int>(envelope.size()));
    return send_status::sent;
  }

  void close(error reason) override {
    if (!closed)
      closed = std::move(reason);
  }

  uint64_t next_id() override {
    return ++last_id_;
  }

  /// What was written since the last call, and has this kind of body.
  std::vector<v1::Envelope> take(v1::Envelope::BodyCase body) {
    std::vector<v1::Envelope> out;
    for (auto& x : std::exchange(written, {}))
      if (x.body_case() == body)
        out.push_back(std::move(x));
    return out;
  }

  /// An envelope as the peer would address it.
  v1::Envelope from_peer(uint64_t id, uint64_t correlation = 0) const {
    v1::Envelope out;
    out.set_id(id);
    out.set_correlation(correlation);
    out.set_to_boot_id(own_boot_id_);
    return out;
  }

  static link_batch_ptr batch(v1::Envelope x) {
    auto out = std::make_shared<link_batch>();
    out->messages.push_back(std::move(x));
    return out;
  }

  std::vector<v1::Envelope> written;
  std::optional<error> closed;
  send_status next_status = send_status::sent;
  size_t limit = size_t{64} << 20;

private:
  v1::Hello peer_;
  std::string own_boot_id_ = "own-boot";
  uint64_t last_id_ = 1'000;
};

/// Lets a test decide how each try to connect ends.
class fake_connector : public link_connector {
public:
  void connect(const address&, milliseconds, connected_handler handler) override {
    pending.push_back(std::move(handler));
  }

  /// Answers the oldest try with a link.
  link_receiver succeed(link_ptr link) {
    auto handler = std::move(pending.front());
    pending.pop_front();
    return handler(std::move(link));
  }

  void refuse(const std::string& why) {
    auto handler = std::move(pending.front());
    pending.pop_front();
    handler(fail(v1::ERROR_CODE_UNAVAILABLE, why, true));
  }

  std::deque<connected_handler> pending;
};

} // namespace troupe::test

#pragma once

#include "tests/sim/context.hpp"

#include "troupe/v1/link.pb.h"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace troupe::sim {

using envelope_ptr = std::shared_ptr<v1::Envelope>;

/// A TCP connection between two processes: what is sent arrives in order and once, or the connection breaks. Side 0 has
/// dialled, side 1 has accepted.
class connection {
public:
  /// What one side does with what arrives.
  struct handlers {
    std::function<void(v1::Envelope&)> take;
    /// Once, when the other side or the network ended it.
    std::function<void(const std::string&)> lost;
  };

  struct side {
    process* owner = nullptr;
    uint64_t life = 0;
    bool open = true;
    handlers on;
    /// When the last message to this side arrives.
    usec last_arrival = 0;
    /// Messages to this side that a partition holds back.
    std::deque<envelope_ptr> stalled;
    /// Messages to this side that left before this number are lost.
    uint64_t lost_before = 0;
  };

  std::array<side, 2> sides;
  uint64_t sent = 0;
};

using connection_ptr = std::shared_ptr<connection>;

/// One side of a connection, as its owner holds it.
struct socket {
  connection_ptr via;
  int side = 0;

  explicit operator bool() const {
    return via != nullptr;
  }
  bool operator==(const socket&) const = default;
  const process& peer() const {
    return *via->sides[1 - side].owner;
  }
};

class network {
public:
  /// Who accepts on a process: gets the socket and the dialler's name and boot id; answers its handlers.
  using acceptor = std::function<connection::handlers(socket, const std::string& role, const std::string& boot_id)>;
  /// The outcome of a dial, once; an empty socket is a failure.
  using dialled = std::function<connection::handlers(socket)>;

  explicit network(context& world) : world_{world} {}
  network(const network&) = delete;
  network& operator=(const network&) = delete;
  /// What a side does with what arrives holds its own connection: without this, a world that ends with open connections
  /// would not go.
  ~network();

  void listen(process& at, acceptor who);
  void dial(process& from, process& to, std::string role, usec timeout, dialled then);
  void send(const socket& from, v1::Envelope message);
  /// What was sent before still arrives.
  void close(const socket& from);

  // -- faults
  /// Messages from one process to another wait until unblocked.
  void block(const process& from, const process& to);
  void unblock(const process& from, const process& to);
  /// Breaks all connections between two processes; what is under way is lost. `half_open`: only one side notices now,
  /// the other one when it is told by its own patience.
  void reset(const process& a, const process& b, bool half_open);
  /// The process has ended; without `goodbye` the machine has, and nobody is told.
  void ended(const process& who, bool goodbye);
  /// Messages that carry results, operations or their answers are delivered twice with this probability, the second
  /// time much later.
  void duplicate(double probability) {
    duplicates_ = probability;
  }

private:
  usec delay(const process& from, const process& to);
  void carry(const connection_ptr& via, int to, envelope_ptr message);
  void arrive(const connection_ptr& via, int to, const envelope_ptr& message);
  void drop(const connection_ptr& via, int side, const std::string& why, usec later);
  void answer(process& from, uint64_t life, const connection_ptr& via, std::shared_ptr<bool> decided, dialled then,
              usec until);
  bool blocked(const process& from, const process& to) const {
    return !blocked_.empty() && blocked_.count({&from, &to}) > 0;
  }

  context& world_;
  std::map<const process*, acceptor> listeners_;
  std::vector<std::weak_ptr<connection>> connections_;
  std::set<std::pair<const process*, const process*>> blocked_;
  double duplicates_ = 0;
};

} // namespace troupe::sim

#pragma once

#include "tests/sim/network.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe::sim {

/// A run that a client wants done.
struct order {
  std::string run_id;
  std::string definition;
  std::string input;
  usec at = 0;
  /// When the client cancels it; 0 = never.
  usec cancel_at = 0;
};

/// A client that does not give up: it submits each run under one id until it is acknowledged, over whatever link there
/// is, and asks until it has ended. Its user settles what teams ask people, mostly.
class client {
public:
  client(context& world, process& home, network& net, std::vector<process*> coordinators, std::vector<order> orders);

  void start();

  /// Every run was acknowledged, and the client has been told that it ended.
  bool satisfied() const {
    return told_ == orders_.size();
  }

private:
  enum class stage { unborn, wanted, acknowledged, told };

  static constexpr usec patience = 5 * second;

  void connect();
  void look();
  void ask(size_t which);
  void cancel(size_t which);
  void look_at_questions();
  void decide(size_t which);
  void take(v1::Envelope& message);

  context& world_;
  process& home_;
  network& net_;
  std::vector<process*> coordinators_;
  std::vector<order> orders_;
  std::vector<stage> stages_;
  std::vector<bool> cancelled_;
  size_t told_ = 0;
  socket link_;
  bool connecting_ = false;
  uint64_t last_message_ = 0;
  struct question {
    size_t which = 0;
    usec due = 0;
    bool cancels = false;
    bool decides = false;
  };
  std::map<uint64_t, question> open_;
  /// What the user has to say to a team.
  struct decision {
    posted_question about;
    std::string content;
    usec at = 0;
    bool told = false;
  };
  std::vector<decision> decisions_;
};

} // namespace troupe::sim

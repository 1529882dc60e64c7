#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <utility>
#include <vector>

namespace troupe::sim {

/// Virtual time in microseconds since the world began.
using usec = int64_t;

inline constexpr usec msec = 1'000;
inline constexpr usec second = 1'000'000;

/// One operating system process: what happens in it stops with its life, and waits while it is paused.
struct process {
  std::string name;
  /// Counts the starts; what was planned by an earlier life never happens.
  uint64_t life = 1;
  bool up = true;
  bool paused = false;
  usec paused_since = 0;
  /// Everything takes this many times as long.
  int slowness = 1;
  /// The wall clock is this far from the truth.
  int64_t wall_offset_ms = 0;
  /// What came while it was paused.
  std::vector<std::function<void()>> backlog = {};

  std::string boot_id() const {
    return name + "-life-" + std::to_string(life);
  }
};

/// Single-threaded virtual time: events in order of time, ties in order of planning.
class scheduler {
public:
  usec now() const {
    return now_;
  }

  int64_t now_ms() const {
    return now_ / msec;
  }

  /// Unix time as a process sees it.
  int64_t wall_ms(const process& p) const {
    return 1'700'000'000'000 + now_ms() + p.wall_offset_ms;
  }

  /// Nobody's: the network, the fault injector.
  void after(usec delay, std::function<void()> what) {
    queue_.push({now_ + delay, ++last_seq_, nullptr, 0, std::move(what)});
  }

  /// In a process; dropped when this life of it is over, late when it is paused.
  void after(usec delay, process& p, std::function<void()> what) {
    queue_.push({now_ + delay, ++last_seq_, &p, p.life, std::move(what)});
  }

  /// Into an actor's mailbox: it is dealt with after a moment of random length, in the order of the posts.
  void post(process& p, uint64_t to, uint64_t random, std::function<void()> what) {
    auto& last = last_post_[{&p, to}];
    last = std::max(last + 1, now_ + 1 + static_cast<usec>(random % 40));
    queue_.push({last, ++last_seq_, &p, p.life, std::move(what)});
  }

  void pause(process& p) {
    if (std::exchange(p.paused, true))
      return;
    p.paused_since = now_;
  }

  void resume(process& p) {
    if (!std::exchange(p.paused, false))
      return;
    for (auto& x : std::exchange(p.backlog, {}))
      queue_.push({now_, ++last_seq_, &p, p.life, std::move(x)});
  }

  /// The process ends; `up` stays false until somebody starts it again.
  void end(process& p) {
    resume(p);
    ++p.life;
    p.up = false;
    p.wall_offset_ms = 0;
    p.slowness = 1;
  }

  /// Does the next event; false when there is none.
  bool step() {
    if (queue_.empty())
      return false;
    auto next = std::move(const_cast<event&>(queue_.top()));
    queue_.pop();
    now_ = std::max(now_, next.at);
    if (next.who == nullptr) {
      next.what();
    } else if (next.who->life == next.life && next.who->up) {
      if (next.who->paused)
        next.who->backlog.push_back(std::move(next.what));
      else
        next.what();
    }
    return true;
  }

private:
  struct event {
    usec at;
    uint64_t seq;
    process* who;
    uint64_t life;
    std::function<void()> what;

    bool operator<(const event& other) const {
      return std::pair{other.at, other.seq} < std::pair{at, seq};
    }
  };

  usec now_ = 0;
  uint64_t last_seq_ = 0;
  std::priority_queue<event> queue_;
  std::map<std::pair<const process*, uint64_t>, usec> last_post_;
};

} // namespace troupe::sim

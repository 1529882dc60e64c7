#include "runtime/supervision/supervision.hpp"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace troupe {
namespace {

using kind = supervision_command::kind;

constexpr int64_t period_ms = 10'000;

restart_limits limits(size_t intensity) {
  return {.intensity = intensity,
          .period = milliseconds{period_ms},
          .backoff = {.initial = milliseconds{10}, .factor = 2, .longest = milliseconds{100}, .jitter = 0.5}};
}

rc::Gen<restart_strategy> any_strategy() {
  return rc::gen::element(restart_strategy::one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one);
}

rc::Gen<std::vector<restart_type>> some_children() {
  return rc::gen::nonEmpty(rc::gen::container<std::vector<restart_type>>(
      rc::gen::element(restart_type::permanent, restart_type::transient, restart_type::temporary)));
}

using trace = std::vector<supervision_command>;

/// OTP's supervisor as its manual describes it: it handles one end at a time, everything else waits.
class otp_model {
public:
  otp_model(restart_strategy strategy, size_t intensity, const std::vector<restart_type>& types)
      : strategy_{strategy}, intensity_{intensity} {
    for (size_t i = 0; i < types.size(); ++i)
      children_.push_back({std::to_string(i), types[i]});
    start_from(0);
  }

  trace take() {
    return std::exchange(out_, {});
  }

  bool closed() const {
    return closed_;
  }

  std::vector<std::string> up() const {
    std::vector<std::string> ids;
    for (const auto& x : children_)
      if (x.up)
        ids.push_back(x.id);
    return ids;
  }

  void end(const std::string& id, bool normal, int64_t now_ms) {
    auto at =
        static_cast<size_t>(std::find_if(children_.begin(), children_.end(), [&](const auto& x) { return x.id == id; })
                            - children_.begin());
    auto type = children_.at(at).type;
    children_[at].up = false;
    if (type == restart_type::temporary) {
      children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (type == restart_type::permanent || !normal) {
      std::erase_if(restarts_, [&](int64_t t) { return now_ms - t > period_ms; });
      if (restarts_.size() >= intensity_) {
        stop_from(0);
        out_.push_back({kind::closed, {}});
        closed_ = true;
        return;
      }
      restarts_.push_back(now_ms);
      if (strategy_ == restart_strategy::one_for_one) {
        start(children_[at]);
        return;
      }
      auto from = strategy_ == restart_strategy::one_for_all ? 0 : at;
      stop_from(from);
      start_from(from);
    }
  }

private:
  struct child {
    std::string id;
    restart_type type;
    bool up = false;
  };

  void start(child& x) {
    out_.push_back({kind::start, x.id});
    x.up = true;
  }

  void start_from(size_t from) {
    for (auto i = from; i < children_.size(); ++i)
      start(children_[i]);
  }

  void stop_from(size_t from) {
    for (auto i = children_.size(); i-- > from;) {
      if (!children_[i].up)
        continue;
      out_.push_back({kind::stop, children_[i].id});
      children_[i].up = false;
      if (children_[i].type == restart_type::temporary)
        children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  restart_strategy strategy_;
  size_t intensity_;
  std::vector<child> children_;
  std::vector<int64_t> restarts_;
  trace out_;
  bool closed_ = false;
};

/// Lets the supervision do all it wants; children obey at once, time passes where it waits.
trace settle(supervision& sut, int64_t& now) {
  trace out;
  for (;;) {
    auto commands = sut.advance(now);
    if (commands.empty()) {
      auto wake = sut.next_wake();
      if (!wake)
        return out;
      RC_ASSERT(*wake > now);
      now = *wake;
      continue;
    }
    for (const auto& x : commands) {
      // OTP forgets temporary children without a word.
      if (x.what != kind::removed)
        out.push_back(x);
      if (x.what == kind::start)
        sut.started(x.child, now);
      if (x.what == kind::stop)
        sut.down(x.child, true, now);
    }
  }
}

RC_GTEST_PROP(supervision_law, does_what_otp_does_when_children_obey, (uint64_t seed)) {
  auto strategy = *any_strategy();
  auto intensity = *rc::gen::inRange<size_t>(0, 5);
  auto types = *some_children();
  supervision sut{strategy, limits(intensity), random_source{seed}};
  otp_model model{strategy, intensity, types};
  int64_t now = 0;
  for (size_t i = 0; i < types.size(); ++i)
    sut.add({.id = std::to_string(i), .restart = types[i]}, now, true);
  RC_ASSERT(settle(sut, now) == model.take());
  for (auto step : *rc::gen::container<std::vector<unsigned>>(rc::gen::arbitrary<unsigned>())) {
    auto up = model.up();
    if (model.closed() || up.empty())
      break;
    now += step % 4'000;
    const auto& who = up[step % up.size()];
    bool normal = step % 3 == 0;
    model.end(who, normal, now);
    sut.down(who, normal, now);
    RC_ASSERT(settle(sut, now) == model.take());
    RC_ASSERT(sut.gave_up() == model.closed());
  }
}

/// Children that take their time, ignore the request to stop, fail to start, come and go.
struct unruly_world {
  supervision sut;
  int64_t now = 0;
  /// Incarnations alive, and whether each was told to stop.
  std::map<std::string, bool> alive = {};
  bool closed = false;
  bool broken_starts = false;

  void run() {
    for (auto commands = sut.advance(now); !commands.empty(); commands = sut.advance(now))
      for (const auto& x : commands)
        obey(x);
  }

  void obey(const supervision_command& x) {
    RC_ASSERT(!closed);
    switch (x.what) {
    case kind::start:
      RC_ASSERT(!alive.contains(x.child));
      if (broken_starts) {
        sut.start_failed(x.child, now);
      } else {
        alive[x.child] = false;
        sut.started(x.child, now);
      }
      break;
    case kind::stop:
      RC_ASSERT(alive.contains(x.child));
      RC_ASSERT(!alive.at(x.child));
      alive[x.child] = true;
      break;
    case kind::kill:
      RC_ASSERT(alive.at(x.child));
      break;
    case kind::abandon:
      RC_ASSERT(alive.at(x.child));
      alive.erase(x.child);
      break;
    case kind::removed:
    case kind::refused:
      RC_ASSERT(!alive.contains(x.child));
      break;
    case kind::closed:
      RC_ASSERT(alive.empty());
      closed = true;
      break;
    }
  }

  void end(size_t which, bool normal) {
    if (alive.empty())
      return;
    auto who = std::next(alive.begin(), static_cast<std::ptrdiff_t>(which % alive.size()))->first;
    alive.erase(who);
    sut.down(who, normal, now);
  }
};

RC_GTEST_PROP(supervision_law, keeps_one_life_per_child_and_comes_to_rest, (uint64_t seed)) {
  unruly_world w{.sut{*any_strategy(), limits(*rc::gen::inRange<size_t>(0, 20)), random_source{seed}}};
  auto types = *some_children();
  for (size_t i = 0; i < types.size(); ++i)
    w.sut.add({.id = std::to_string(i), .restart = types[i]}, w.now, true);
  w.run();
  for (auto step : *rc::gen::container<std::vector<unsigned>>(rc::gen::arbitrary<unsigned>())) {
    if (w.closed)
      break;
    auto id = std::to_string(step / 16 % 8);
    switch (step % 8) {
    case 0:
      w.sut.add({.id = id, .restart = restart_type{static_cast<int>(step / 128 % 3)}}, w.now);
      break;
    case 1:
      w.sut.remove(id, w.now);
      break;
    case 2:
      w.now += step / 16 % 300;
      break;
    case 3:
      w.now += step / 16 % 20'000;
      break;
    case 4:
      w.broken_starts = !w.broken_starts;
      break;
    case 5:
      if (step / 16 % 16 == 0)
        w.sut.close();
      break;
    default:
      w.end(step / 16, step % 2 == 0);
    }
    w.run();
  }
  // From here on everybody behaves: all is up again, or the supervisor has closed.
  w.broken_starts = false;
  for (int i = 0; i < 1'000; ++i) {
    for (bool again = true; again;) {
      again = false;
      for (const auto& [id, told] : w.alive)
        if (told) {
          auto who = id;
          w.alive.erase(who);
          w.sut.down(who, true, w.now);
          again = true;
          break;
        }
      w.run();
    }
    auto wake = w.sut.next_wake();
    if (!wake)
      break;
    w.now = std::max(w.now, *wake);
    w.run();
  }
  RC_ASSERT(!w.sut.next_wake());
  size_t up = 0;
  for (const auto& x : w.sut.children())
    up += x.up ? 1 : 0;
  RC_ASSERT(up == w.alive.size());
  RC_ASSERT(!w.sut.gave_up() || w.closed);
  if (w.closed)
    return;
  w.sut.close();
  w.run();
  while (!w.alive.empty()) {
    w.now = w.sut.next_wake().value();
    w.run();
  }
  RC_ASSERT(w.closed);
}

} // namespace
} // namespace troupe

#include "runtime/supervision/supervision.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

using kind = supervision_command::kind;

supervision::supervision(restart_strategy strategy, restart_limits limits, random_source random)
    : strategy_{strategy}, ledger_{limits, random} {}

supervision::children_type::iterator supervision::find(const std::string& id) {
  auto i = by_id_.find(id);
  return i == by_id_.end() ? children_.end() : i->second;
}

void supervision::move(child& who, state next) {
  who.now = next;
  if (next == state::up)
    up_.emplace(who.number, &who);
  else
    up_.erase(who.number);
  if (next == state::up || next == state::ended)
    moving_.erase(who.number);
  else
    moving_.emplace(who.number, &who);
}

// -- events -----------------------------------------------------------------------------------------------------------

supervision::add_outcome supervision::add(child_options options, int64_t now_ms, bool founder) {
  if (closing_)
    return add_outcome::closing;
  auto who = find(options.id);
  auto number = last_number_ + 1;
  if (who == children_.end()) {
    who = children_.insert(children_.end(), child{});
    by_id_.emplace(options.id, who);
    last_number_ = number;
  } else if (who->now != state::ended) {
    return add_outcome::exists;
  } else {
    number = who->number;
  }
  *who = child{};
  who->number = number;
  who->options = std::move(options);
  move(*who, state::waiting);
  who->due_ms = now_ms;
  who->on_trial = !founder;
  return add_outcome::accepted;
}

bool supervision::remove(const std::string& id, int64_t now_ms) {
  auto who = find(id);
  if (who == children_.end())
    return false;
  who->leaves = true;
  who->restarts_with_group = false;
  switch (who->now) {
  case state::waiting:
  case state::ended:
    forget(who, kind::removed);
    break;
  case state::up:
    // While closing, its turn will come.
    if (!closing_)
      begin_stop(*who, now_ms);
    break;
  case state::starting:
  case state::stopping:
    break;
  }
  return true;
}

void supervision::started(const std::string& id, int64_t) {
  auto who = find(id);
  if (who == children_.end() || who->now != state::starting)
    return;
  move(*who, state::up);
  who->on_trial = false;
  who->restarts += who->started_before ? 1 : 0;
  who->started_before = true;
}

void supervision::start_failed(const std::string& id, int64_t now_ms) {
  auto who = find(id);
  if (who == children_.end() || who->now != state::starting)
    return;
  if (who->on_trial)
    forget(who, kind::refused);
  else
    gone(who, false, now_ms);
}

void supervision::down(const std::string& id, bool normal, int64_t now_ms) {
  auto who = find(id);
  if (who != children_.end() && (who->now == state::up || who->now == state::stopping))
    gone(who, normal, now_ms);
}

void supervision::close() {
  closing_ = true;
  for (auto& x : children_)
    if (x.now == state::waiting)
      move(x, state::ended);
  // Somebody waits for the answer to these.
  for (auto who = children_.begin(); who != children_.end();)
    who = who->on_trial ? forget(who, kind::refused) : std::next(who);
}

// -- what follows from an end -----------------------------------------------------------------------------------------

void supervision::gone(children_type::iterator who, bool normal, int64_t now_ms) {
  bool expected = who->now == state::stopping;
  if (who->leaves) {
    forget(who, kind::removed);
    return;
  }
  move(*who, state::ended);
  if (closing_ || (expected && !who->restarts_with_group))
    return;
  auto restart = who->options.restart;
  if (restart == restart_type::temporary) {
    forget(who, kind::removed);
  } else if (who->restarts_with_group) {
    // Also when it ended by itself before its turn to stop had come.
    who->restarts_with_group = false;
    move(*who, state::waiting);
  } else if (restart == restart_type::permanent || !normal) {
    crashed(who, now_ms);
  }
}

void supervision::crashed(children_type::iterator who, int64_t now_ms) {
  auto wait = ledger_.record(now_ms);
  if (!wait) {
    gave_up_ = true;
    close();
    return;
  }
  auto due = now_ms + wait->count();
  move(*who, state::waiting);
  who->due_ms = due;
  if (strategy_ == restart_strategy::one_for_one)
    return;
  // As OTP does: those of the group that had ended by themselves are started again too.
  for (auto i = strategy_ == restart_strategy::one_for_all ? children_.begin() : who; i != children_.end(); ++i) {
    i->due_ms = std::max(i->due_ms, due);
    if (i->now == state::up)
      i->restarts_with_group = true;
    else if (i->now == state::ended)
      move(*i, state::waiting);
  }
}

supervision::children_type::iterator supervision::forget(children_type::iterator who, kind how) {
  commands_.push_back({how, who->options.id});
  moving_.erase(who->number);
  up_.erase(who->number);
  by_id_.erase(who->options.id);
  return children_.erase(who);
}

// -- what to do -------------------------------------------------------------------------------------------------------

supervision_commands supervision::advance(int64_t now_ms) {
  enforce_deadlines(now_ms);
  if (closing_) {
    if (!stop_last([](const child&) { return true; }, now_ms) && !std::exchange(closed_, true))
      commands_.push_back({kind::closed, {}});
  } else {
    if (strategy_ != restart_strategy::one_for_one)
      stop_last([](const child& x) { return x.restarts_with_group; }, now_ms);
    if (!starts_are_held())
      start_next(now_ms);
  }
  return std::exchange(commands_, {});
}

void supervision::begin_stop(child& who, int64_t now_ms) {
  move(who, state::stopping);
  who.killed = false;
  who.deadline_ms = now_ms + who.options.grace.count();
  commands_.push_back({kind::stop, who.options.id});
}

void supervision::enforce_deadlines(int64_t now_ms) {
  std::vector<std::string> abandoned;
  for (auto& [number, who] : moving_) {
    auto& x = *who;
    if (x.now != state::stopping || now_ms < x.deadline_ms)
      continue;
    if (x.killed) {
      abandoned.push_back(x.options.id);
      continue;
    }
    x.killed = true;
    x.deadline_ms = now_ms + kill_patience.count();
    commands_.push_back({kind::kill, x.options.id});
  }
  for (const auto& id : abandoned) {
    commands_.push_back({kind::abandon, id});
    gone(find(id), false, now_ms);
  }
}

template <class Predicate>
bool supervision::stop_last(Predicate has_to_stop, int64_t now_ms) {
  if (std::any_of(moving_.begin(), moving_.end(), [](const auto& x) { return x.second->now == state::stopping; }))
    return true;
  auto last = std::find_if(up_.rbegin(), up_.rend(), [&](const auto& x) { return has_to_stop(*x.second); });
  if (last == up_.rend())
    return false;
  begin_stop(*last->second, now_ms);
  return true;
}

void supervision::start_next(int64_t now_ms) {
  for (auto& [number, who] : moving_) {
    auto& x = *who;
    if (x.now == state::starting)
      return;
    if (x.now != state::waiting)
      continue;
    if (x.due_ms <= now_ms) {
      move(x, state::starting);
      commands_.push_back({kind::start, x.options.id});
      return;
    }
    // Where children depend on those before them, a later one does not overtake.
    if (strategy_ != restart_strategy::one_for_one)
      return;
  }
}

bool supervision::starts_are_held() const {
  if (strategy_ == restart_strategy::one_for_one)
    return closing_;
  // Children that depend on one another start when those that have to go are gone.
  return closing_ || std::any_of(children_.begin(), children_.end(), [](const child& x) {
           return x.restarts_with_group || x.now == state::stopping;
         });
}

std::optional<int64_t> supervision::next_wake() const {
  std::optional<int64_t> wake;
  auto at = [&](int64_t time) { wake = wake ? std::min(*wake, time) : time; };
  bool held = starts_are_held();
  for (const auto& [number, who] : moving_) {
    const auto& x = *who;
    if (x.now == state::stopping) {
      at(x.deadline_ms);
    } else if (x.now == state::waiting && !held) {
      at(x.due_ms);
      // The next ones do not overtake it.
      held = strategy_ != restart_strategy::one_for_one;
    }
  }
  return wake;
}

std::vector<supervision::child_view> supervision::children() const {
  std::vector<child_view> out;
  out.reserve(children_.size());
  for (const auto& x : children_)
    out.push_back({x.options.id, x.now == state::up || x.now == state::stopping, x.restarts});
  return out;
}

} // namespace troupe

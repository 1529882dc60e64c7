#include "tests/sim/team_inboxes.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

namespace {

/// From normal to high, or from low to normal.
constexpr double one_word = 50;

/// Whether the rules of docs/teams.md put one before the other. Ranks that differ by less than one may have been
/// rounded to the same, or to the contrary.
bool surely_before(const team_inboxes::question& a, const team_inboxes::question& b, int64_t now_ms,
                   int64_t ageing_ms) {
  if (a.priority == b.priority)
    return a.place < b.place;
  auto rank = [&](const team_inboxes::question& x) {
    return x.priority + one_word * static_cast<double>(now_ms - x.sent_ms) / static_cast<double>(ageing_ms);
  };
  return rank(a) > rank(b) + 1;
}

} // namespace

void team_inboxes::asked(question x) {
  x.place = ++last_place_;
  open_.push_back(std::move(x));
}

void team_inboxes::close(const std::string& id) {
  std::erase_if(open_, [&](const question& x) { return x.id == id; });
}

void team_inboxes::close_of(uint32_t task, uint32_t number) {
  std::erase_if(open_, [&](const question& x) { return x.task == task && x.number == number; });
}

const team_inboxes::question* team_inboxes::serve(const std::string& id, uint64_t event, int64_t now_ms,
                                                  int64_t ageing_ms) {
  auto found = std::find_if(open_.begin(), open_.end(), [&](const question& x) { return x.id == id; });
  if (found == open_.end() || std::exchange(found->served, true))
    return nullptr;
  auto first = std::find_if(open_.begin(), open_.end(), [&](const question& x) {
    return x.to == found->to && !x.served && x.event != event && surely_before(x, *found, now_ms, ageing_ms);
  });
  return first == open_.end() ? nullptr : &*first;
}

const team_inboxes::question* team_inboxes::find(const std::string& id) const {
  auto i = std::find_if(open_.begin(), open_.end(), [&](const question& x) { return x.id == id; });
  return i == open_.end() ? nullptr : &*i;
}

std::set<std::string> team_inboxes::waiting_for(const std::string& role) const {
  std::set<std::string> out;
  for (const auto& x : open_)
    if (x.to == role && !x.served)
      out.insert(x.id);
  return out;
}

const team_inboxes::question* team_inboxes::answered_by(const std::string& from, const std::string& to,
                                                        const std::string& hint) const {
  const question* only = nullptr;
  const question* served = nullptr;
  size_t count = 0;
  for (const auto& x : open_) {
    if (x.to != from || x.from != to)
      continue;
    if (x.id == hint)
      return &x;
    ++count;
    only = &x;
    if (x.served)
      served = &x;
  }
  const auto* out = served != nullptr ? served : count == 1 ? only : nullptr;
  return out != nullptr && out->doubtful ? nullptr : out;
}

void team_inboxes::doubt(const std::string& from, const std::string& to) {
  for (auto& x : open_)
    x.doubtful = x.doubtful || (x.to == from && x.from == to);
}

const team_inboxes::question* team_inboxes::out_of_time(const std::string& from, const std::string& to, int64_t now_ms,
                                                        int64_t team_timeout_ms) const {
  auto due = [&](const question& x) { return x.sent_ms + (x.timeout_ms > 0 ? x.timeout_ms : team_timeout_ms); };
  const question* out = nullptr;
  for (const auto& x : open_)
    if (x.to == from && x.from == to && due(x) <= now_ms && (out == nullptr || due(x) < due(*out)))
      out = &x;
  return out != nullptr && out->doubtful ? nullptr : out;
}

void team_inboxes::put(const std::string& role, const std::string& message, const std::string& in_reply_to) {
  notices_[role].emplace(message, in_reply_to);
}

team_inboxes::notices team_inboxes::take(const std::string& role) {
  return std::exchange(notices_[role], {});
}

} // namespace troupe::sim

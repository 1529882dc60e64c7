#include "runtime/team/inbox.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/team/team_time.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace troupe {

const char* name_of(v1::AgentMessage::Type type) {
  switch (type) {
  case v1::AgentMessage::TYPE_REQUEST:
    return "request";
  case v1::AgentMessage::TYPE_RESPONSE:
    return "response";
  case v1::AgentMessage::TYPE_HANDOFF:
    return "handoff";
  case v1::AgentMessage::TYPE_FEEDBACK:
    return "feedback";
  default:
    return "event";
  }
}

const char* priority_word(int32_t priority) {
  return priority < 0 ? "low" : priority > 0 ? "high" : "normal";
}

json to_json(const team_message& x) {
  json out{{"id", x.id},
           {"timestamp", iso_time(x.sent_ms)},
           {"from", x.from},
           {"to", x.to},
           {"type", name_of(x.type)},
           {"content", x.content},
           {"priority", priority_word(x.priority)},
           {"requires_response", x.requires_response}};
  if (x.timeout_ms > 0)
    out["timeout_seconds"] = static_cast<double>(x.timeout_ms) / 1000;
  if (!x.in_reply_to.empty())
    out["in_reply_to"] = x.in_reply_to;
  if (!x.artifacts.empty())
    out["artifacts"] = x.artifacts;
  return out;
}

std::string to_text(const team_message& x) {
  // As long as most of them are, but for their content.
  constexpr size_t names = 320;
  std::string out;
  out.reserve(names + (x.content.is_string() ? x.content.get_ref<const std::string&>().size() : 0));
  auto add = [&out](std::string_view name, std::string_view text) {
    out += name;
    append_json(text, out);
  };
  out += "{";
  if (!x.artifacts.empty())
    out += "\"artifacts\":" + print_json(x.artifacts) + ",";
  out += "\"content\":";
  append_value(x.content, out);
  add(",\"from\":", x.from);
  add(",\"id\":", x.id);
  if (!x.in_reply_to.empty())
    add(",\"in_reply_to\":", x.in_reply_to);
  add(",\"priority\":", priority_word(x.priority));
  out += ",\"requires_response\":";
  out += x.requires_response ? "true" : "false";
  if (x.timeout_ms > 0)
    out += ",\"timeout_seconds\":" + print_json(static_cast<double>(x.timeout_ms) / 1000);
  add(",\"timestamp\":", iso_time(x.sent_ms));
  add(",\"to\":", x.to);
  add(",\"type\":", name_of(x.type));
  return out + '}';
}

void inbox::put(team_message message) {
  waiting_.push_back(std::move(message));
}

const team_message* inbox::next_request(int64_t now_ms) const {
  auto rank = [&](const team_message& x) {
    auto age = std::max<int64_t>(0, now_ms - x.sent_ms);
    return int64_t{x.priority} + age * 50 / std::max<int64_t>(1, ageing_ms_);
  };
  const team_message* best = nullptr;
  for (const auto& x : waiting_)
    if (x.requires_response && (best == nullptr || rank(x) > rank(*best)))
      best = &x;
  return best;
}

std::optional<team_message> inbox::take(const std::string& id) {
  auto i = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& x) { return x.id == id; });
  if (i == waiting_.end())
    return std::nullopt;
  auto out = std::move(*i);
  waiting_.erase(i);
  return out;
}

std::vector<team_message> inbox::take_notices() {
  std::vector<team_message> out;
  std::vector<team_message> kept;
  for (auto& x : waiting_)
    (x.requires_response ? kept : out).push_back(std::move(x));
  waiting_ = std::move(kept);
  return out;
}

} // namespace troupe

#pragma once

#include "runtime/core/json.hpp"
#include "troupe/v1/agent.pb.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// One message between members.
struct team_message {
  /// "msg-7"; unique in its team.
  std::string id;
  std::string from;
  std::string to;
  v1::AgentMessage::Type type = v1::AgentMessage::TYPE_EVENT;
  json content;
  int32_t priority = 0;
  int64_t sent_ms = 0;
  bool requires_response = false;
  uint32_t timeout_ms = 0;
  /// Names of those that it is about.
  std::vector<std::string> artifacts = {};
  /// Of a response: what it answers.
  std::string in_reply_to;
  /// Of a response: there is no answer, and why.
  bool failed = false;
};

/// "request", "response", …
const char* name_of(v1::AgentMessage::Type type);

/// "low", "normal" or "high", by the range.
const char* priority_word(int32_t priority);

/// As the message template: {id, timestamp, from, to, type, content, priority, requires_response, timeout_seconds}.
json to_json(const team_message& x);

/// The text of that, without the value.
std::string to_text(const team_message& x);

/// What waits for one member. Priorities grow with age, so that nothing waits for ever behind what is more urgent.
class inbox {
public:
  /// A message gains one word of priority (50) in `ageing_ms`.
  explicit inbox(int64_t ageing_ms) : ageing_ms_{ageing_ms} {}

  void put(team_message message);

  /// The request that is to be answered next.
  const team_message* next_request(int64_t now_ms) const;

  /// By id.
  std::optional<team_message> take(const std::string& id);

  /// All that is no request: notices, responses, handoffs, feedback, oldest first. They are the member's from now on.
  std::vector<team_message> take_notices();

  const std::vector<team_message>& waiting() const {
    return waiting_;
  }

private:
  int64_t ageing_ms_;
  /// In the order of arrival.
  std::vector<team_message> waiting_;
};

} // namespace troupe

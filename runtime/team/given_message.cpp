#include "runtime/team/given_message.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/team/message_fields.hpp"
#include "runtime/team/turn_context.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

constexpr size_t most_shown = 64;
constexpr double longest_seconds = 86'400;

constexpr std::array<std::string_view, 10> message_members = {
    "from", "to",        "type",      "content",        "priority", "requires_response",
    "id",   "timestamp", "artifacts", "timeout_seconds"};

constexpr std::array<std::pair<std::string_view, v1::AgentMessage::Type>, 5> message_types = {{
    {"request", v1::AgentMessage::TYPE_REQUEST},
    {"response", v1::AgentMessage::TYPE_RESPONSE},
    {"handoff", v1::AgentMessage::TYPE_HANDOFF},
    {"feedback", v1::AgentMessage::TYPE_FEEDBACK},
    {"event", v1::AgentMessage::TYPE_EVENT},
}};

std::string in_words(const json& x) {
  return print_json(x).substr(0, most_shown);
}

const json* value_of(const json& x, const char* member) {
  auto i = x.find(member);
  return i == x.end() || i->is_null() ? nullptr : &*i;
}

tl::unexpected<error> wrong_message(std::string what) {
  return fail(v1::ERROR_CODE_INVALID_INPUT, std::move(what));
}

} // namespace

result<team_message> read_given_message(const json& x) {
  if (!x.is_object())
    return wrong_message(std::string{"a message is an object with from, to, type and content; this is "}
                         + x.type_name());
  for (const auto& [key, value] : x.items())
    if (std::find(message_members.begin(), message_members.end(), key) == message_members.end())
      return wrong_message("a message has no member \"" + key.substr(0, most_shown)
                           + "\"; it has from, to, type, content, priority, requires_response, timeout_seconds, "
                             "artifacts");
  team_message out;
  for (auto [name, into] : {std::pair{"from", &out.from}, std::pair{"to", &out.to}}) {
    const auto* value = value_of(x, name);
    if (value != nullptr && !value->is_string())
      return wrong_message(std::string{"`"} + name + "` of a message is the name of a role; this is "
                           + in_words(*value));
    if (value != nullptr)
      *into = value->get<std::string>().substr(0, most_shown);
  }
  if (const auto* value = value_of(x, "content")) {
    if (is_deeper(*value, max_told_depth))
      return wrong_message("`content` of a message is nested deeper than " + std::to_string(max_told_depth)
                           + " levels");
    out.content = *value;
  }
  out.type = v1::AgentMessage::TYPE_EVENT;
  if (const auto* value = value_of(x, "type")) {
    auto i = std::find_if(message_types.begin(), message_types.end(), [&](const auto& entry) {
      return value->is_string() && value->get_ref<const std::string&>() == entry.first;
    });
    if (i == message_types.end())
      return wrong_message("`type` of a message is one of request, response, handoff, feedback, event; this is "
                           + in_words(*value));
    out.type = i->second;
  }
  if (const auto* value = value_of(x, "priority")) {
    auto priority = read_priority(*value);
    if (!priority)
      return wrong_message("`priority` of a message is one of low, normal, high, or a number from -100 to 100; this is "
                           + in_words(*value));
    out.priority = *priority;
  }
  out.requires_response = out.type == v1::AgentMessage::TYPE_REQUEST;
  if (const auto* value = value_of(x, "requires_response")) {
    if (!value->is_boolean())
      return wrong_message("`requires_response` of a message is true or false; this is " + in_words(*value));
    out.requires_response = out.requires_response && value->get<bool>();
  }
  if (const auto* value = value_of(x, "artifacts")) {
    auto names = read_artifact_names(*value);
    if (!names)
      return wrong_message("`artifacts` of a message is a list of names of artifacts, at most "
                           + std::to_string(most_named_artifacts) + "; this is " + in_words(*value));
    out.artifacts = std::move(*names);
  }
  if (const auto* value = value_of(x, "timeout_seconds")) {
    auto seconds = value->is_number() ? value->get<double>() : NAN;
    if (!(seconds >= 0 && seconds <= longest_seconds))
      return wrong_message("`timeout_seconds` of a message is a number from 0 to 86400; this is " + in_words(*value));
    out.timeout_ms = static_cast<uint32_t>(std::llround(seconds * 1000));
  }
  return out;
}

} // namespace troupe

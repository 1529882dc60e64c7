#include "nodes/cli/team_lines.hpp"

#include "nodes/cli/format.hpp"

#include <fmt/format.h>

namespace troupe::cli {

namespace {

constexpr size_t longest_content = 200;

std::string shown(const std::string& text) {
  auto one_line = text;
  for (auto& c : one_line)
    if (c == '\n' || c == '\r' || c == '\t')
      c = ' ';
  return clip(printable(one_line), longest_content);
}

const char* verb_of(const v1::AgentMessage& x) {
  switch (x.type()) {
  case v1::AgentMessage::TYPE_REQUEST:
    return "asks";
  case v1::AgentMessage::TYPE_RESPONSE:
    return x.failed() ? "cannot answer" : "answers";
  case v1::AgentMessage::TYPE_HANDOFF:
    return "hands over";
  case v1::AgentMessage::TYPE_FEEDBACK:
    return "sends back";
  default:
    return "tells";
  }
}

std::string what_of(const v1::TeamEvent& x) {
  auto role = printable(x.role());
  switch (x.what_case()) {
  case v1::TeamEvent::kTurnBegan:
    return fmt::format("{} begins turn {}{}{}, iteration {}", role, x.turn_began().turn(),
                       x.phase().empty() ? "" : ": ", printable(x.phase()), x.iteration());
  case v1::TeamEvent::kTurnEnded: {
    const auto& ended = x.turn_ended();
    auto out = fmt::format("{} ends turn {}: {}", role, ended.turn(), printable(ended.outcome()));
    return ended.comments().empty() ? out : out + ": " + shown(ended.comments());
  }
  case v1::TeamEvent::kMessage: {
    const auto& m = x.message();
    return fmt::format("{} → {} {}: {}", printable(m.from()), printable(m.to()), verb_of(m), shown(m.content().data()));
  }
  case v1::TeamEvent::kWritten: {
    const auto& w = x.written();
    return fmt::format("{} writes {} version {} ({}{}{}): {}", role, printable(w.artifact()), w.version(),
                       format_bytes(w.bytes()), w.conflict().empty() ? "" : ", settled by ", printable(w.conflict()),
                       shown(w.excerpt()));
  }
  case v1::TeamEvent::kDecided:
    return fmt::format("{} decides: {}{}{}", role, shown(x.decided().decision()),
                       x.decided().reason().empty() ? "" : ", because ", shown(x.decided().reason()));
  case v1::TeamEvent::kQuestion:
    return fmt::format("{} leaves open ({}): {}", role, printable(x.question().id()), shown(x.question().question()));
  case v1::TeamEvent::kNote:
    return fmt::format("{} notes: {}", role, shown(x.note().text()));
  case v1::TeamEvent::kRefused:
    return fmt::format("{} is refused {}: {}", role, printable(x.refused().operation()),
                       shown(x.refused().error().message()));
  case v1::TeamEvent::kEnded: {
    const auto& e = x.ended();
    return fmt::format("the team is {} after {} turns in {} iterations ({})", e.completed() ? "done" : "not done",
                       e.turns(), e.iterations(), printable(e.reason()));
  }
  case v1::TeamEvent::WHAT_NOT_SET:
    break;
  }
  return {};
}

} // namespace

std::string team_line(const v1::TeamEvent& x) {
  auto what = what_of(x);
  return what.empty() ? what : printable(x.step()) + ": " + what;
}

} // namespace troupe::cli

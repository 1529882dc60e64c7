#include "nodes/cli/workspace_text.hpp"

#include "nodes/cli/format.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/table.hpp"
#include "runtime/core/json_io.hpp"

#include <fmt/format.h>

namespace troupe::cli {

namespace {

constexpr size_t longest_text = 200;

/// Texts and entries come from agents: one line, nothing that moves the cursor, not too long.
std::string one_line(const json& x) {
  auto text = x.is_string() ? x.get<std::string>() : print_json(x);
  for (auto& c : text)
    if (c == '\n' || c == '\r' || c == '\t')
      c = ' ';
  return clip(printable(text), longest_text);
}

const json& member(const json& x, const char* key) {
  static const json nothing;
  auto i = x.is_object() ? x.find(key) : x.end();
  return x.is_object() && i != x.end() ? *i : nothing;
}

std::string text_at(const json& x, const char* key) {
  const auto& value = member(x, key);
  return value.is_null() ? std::string{} : one_line(value);
}

std::string by(const std::string& author) {
  return author.empty() ? "-" : printable(author);
}

std::string how(const v1::TeamEnded& x) {
  auto out = fmt::format("{} after {} turns in {} iterations ({})", x.completed() ? "done" : "not done", x.turns(),
                         x.iterations(), printable(x.reason()));
  return x.why().empty() ? out : out + ": " + one_line(x.why());
}

std::string message_line(const json& x) {
  if (text_at(x, "type") == "note")
    return fmt::format("{} notes: {}", text_at(x, "from"), text_at(x, "content"));
  return fmt::format("{} → {} ({}): {}", text_at(x, "from"), text_at(x, "to"), text_at(x, "type"),
                     text_at(x, "content"));
}

std::string decision_line(const json& x) {
  auto out = fmt::format("{} decides: {}", text_at(x, "by"), text_at(x, "decision"));
  auto reason = text_at(x, "reason");
  return reason.empty() ? out : out + ", because " + reason;
}

std::string question_line(const json& x) {
  return x.is_object() ? fmt::format("{} asks ({}): {}", text_at(x, "by"), text_at(x, "id"), text_at(x, "question"))
                       : one_line(x);
}

void add_list(std::string& out, const char* title, const json& items, std::string (*line)(const json&)) {
  if (!items.is_array() || items.empty())
    return;
  out += fmt::format("{}\n", title);
  for (const auto& x : items)
    out += fmt::format("  {}\n", line(x));
}

std::string progress_of(const json& document) {
  std::string out;
  if (auto phase = text_at(document, "current_phase"); !phase.empty())
    out = "phase " + phase + ", ";
  out += fmt::format("iteration {}, turn {}", text_at(document, "iteration"), text_at(document, "turn"));
  if (auto last = text_at(document, "last_role"); !last.empty())
    out += ", after " + last;
  return out;
}

void add_artifacts(std::string& out, const json& document) {
  table rows{{"ARTIFACT", ">VERSION", "AUTHOR", ">SIZE", "WRITTEN", "CONFLICT"}};
  const auto& newest = member(document, "versions");
  for (const auto& x : member(document, "changes")) {
    auto name = text_at(x, "artifact");
    if (member(newest, name.c_str()) != member(x, "version"))
      continue;
    rows.add({name, text_at(x, "version"), by(text_at(x, "author")),
              format_bytes(member(x, "bytes").is_number() ? member(x, "bytes").get<uint64_t>() : 0),
              text_at(x, "timestamp"), text_at(x, "conflict")});
  }
  if (!rows.empty())
    out += rows.to_string();
}

} // namespace

std::string workspace_text(const v1::WorkspaceView& x) {
  auto document = bytes_to_json(x.document());
  std::string out;
  auto line = [&](std::string_view key, const std::string& value) {
    if (!value.empty())
      out += fmt::format("{:<11} {}\n", key, value);
  };
  line("run", printable(x.run_id()));
  line("step", printable(x.step()));
  line("goal", text_at(member(document, "task"), "goal"));
  line("team", x.has_ended() ? how(x.ended()) : "at work");
  line("progress", progress_of(document));
  line("changes", std::to_string(x.seq()));
  add_artifacts(out, document);
  add_list(out, "decisions", member(document, "decisions_made"), decision_line);
  add_list(out, "open questions", member(document, "open_questions"), question_line);
  add_list(out, "messages", member(document, "communication_log"), message_line);
  if (const auto& earlier = member(document, "earlier_messages"); earlier.is_number() && earlier != 0)
    out += fmt::format("  and {} before these: troupe show {} has all\n", one_line(earlier), printable(x.run_id()));
  return out;
}

std::string history_text(const v1::WorkspaceArtifact& x) {
  table rows{{">VERSION", "AUTHOR", ">SIZE", "WRITTEN", "CONFLICT"}};
  for (const auto& v : x.history())
    rows.add({std::to_string(v.version()), by(v.author()), format_bytes(v.bytes()), format_time(v.at_ms()),
              printable(v.conflict())});
  return rows.to_string();
}

std::string change_line(const v1::WorkspaceUpdate& x, int64_t begin_ms) {
  std::string text;
  switch (x.what_case()) {
  case v1::WorkspaceUpdate::kWritten: {
    const auto& v = x.written().version();
    text =
        fmt::format("{} writes {} version {} ({}{}{})", by(v.author()), printable(x.written().artifact()), v.version(),
                    format_bytes(v.bytes()), v.conflict().empty() ? "" : ", settled by ", printable(v.conflict()));
    if (!x.written().value().empty())
      text += ": " + one_line(bytes_to_json(x.written().value()));
    break;
  }
  case v1::WorkspaceUpdate::kLogged:
    text = message_line(bytes_to_json(x.logged()));
    break;
  case v1::WorkspaceUpdate::kDecided:
    text = decision_line(bytes_to_json(x.decided()));
    break;
  case v1::WorkspaceUpdate::kAsked:
    text = question_line(bytes_to_json(x.asked()));
    break;
  case v1::WorkspaceUpdate::kSettled:
    text = "question " + printable(x.settled()) + " is settled";
    break;
  case v1::WorkspaceUpdate::kProgress: {
    const auto& p = x.progress();
    if (p.on_turn().empty())
      return {};
    text = fmt::format("{} begins turn {}{}{}, iteration {}", printable(p.on_turn()), p.turn(),
                       p.phase().empty() ? "" : ": ", printable(p.phase()), p.iteration());
    break;
  }
  case v1::WorkspaceUpdate::kEnded:
    text = "the team is " + how(x.ended());
    break;
  case v1::WorkspaceUpdate::kDocument:
  case v1::WorkspaceUpdate::WHAT_NOT_SET:
    return {};
  }
  if (x.at_ms() == 0)
    return text;
  return fmt::format("{:>10}  {}", "+" + format_duration(x.at_ms() - begin_ms), text);
}

} // namespace troupe::cli

#include "runtime/team/brief.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/team/verdict.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Bytes of one artifact or message that the text quotes, fewer where there are many: a model pays for all of them.
constexpr size_t quoted = 8'000;
constexpr size_t quoted_at_least = 500;
/// Of all artifacts together, and of all messages.
constexpr size_t quoted_together = 64'000;
/// Of decisions and open questions, which pile up: the newest, and bytes of one.
constexpr size_t most_entries = 20;
constexpr size_t entry_bytes = 500;

std::string text_at(const json& x, const char* key) {
  auto i = x.is_object() ? x.find(key) : x.end();
  return x.is_object() && i != x.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

std::string quote(const json& value, size_t most = quoted) {
  auto text = value.is_string() ? value.get<std::string>() : print_json(value);
  if (text.size() <= most)
    return text;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return text.substr(0, end) + "… (" + std::to_string(text.size()) + " bytes; read all of it with get)";
}

void list(std::string& out, const char* title, const json& items) {
  if (!items.is_array() || items.empty())
    return;
  out += title;
  for (auto& x : items)
    out += "- " + quote(x) + "\n";
}

/// How many of `count` texts are quoted, and how much of each.
struct share {
  size_t shown;
  size_t bytes;
};

share share_of(size_t count) {
  auto shown = std::min(count, quoted_together / quoted_at_least);
  return {shown, std::min(quoted, quoted_together / std::max<size_t>(shown, 1))};
}

void tell_of_the_rest(std::string& out, size_t count) {
  if (count > 0)
    out += "(" + std::to_string(count) + " more: read the whole workspace with get)\n";
}

const json& member(const json& x, const char* key) {
  static const json nothing;
  auto i = x.is_object() ? x.find(key) : x.end();
  return x.is_object() && i != x.end() ? *i : nothing;
}

/// "a, b"; empty where there are none.
std::string in_a_row(const json& texts, const char* between) {
  std::string out;
  if (texts.is_array())
    for (const auto& x : texts)
      out += (out.empty() ? "" : between) + quote(x, entry_bytes);
  return out;
}

/// "name: text.\n", or nothing.
void tell(std::string& out, const char* name, const std::string& text) {
  if (!text.empty())
    out += std::string{name} + ": " + text + ".\n";
}

void tell_of_itself(std::string& out, const json& context) {
  out += "You are the " + text_at(context, "role") + " of a team";
  if (auto goal = text_at(context, "goal"); !goal.empty())
    out += " working to this goal: " + goal;
  out += ".\n";
  tell(out, "Your expertise", text_at(context, "expertise"));
  list(out, "Your responsibilities:\n", member(context, "responsibilities"));
  tell(out, "Your capabilities", in_a_row(member(context, "capabilities"), ", "));
  // Names that a document gives. What a model can call, the request lists.
  tell(out, "Your tools, as your teammates know them", in_a_row(member(context, "tools"), ", "));
  if (auto when = text_at(context, "ask_when"); !when.empty())
    out += "Teammates are to ask you when " + when + ".\n";
}

void tell_of_teammates(std::string& out, const json& teammates) {
  if (!teammates.is_array() || teammates.empty())
    return;
  out += "Your teammates:\n";
  for (const auto& x : teammates) {
    out += "- " + text_at(x, "role");
    if (auto expertise = text_at(x, "expertise"); !expertise.empty())
      out += ": " + expertise;
    if (auto duties = in_a_row(member(x, "responsibilities"), "; "); !duties.empty())
      out += ". Responsibilities: " + duties;
    if (auto tools = in_a_row(member(x, "tools"), ", "); !tools.empty())
      out += ". Tools: " + tools;
    if (auto when = text_at(x, "ask_when"); !when.empty())
      out += ". Ask when " + when;
    out += "\n";
  }
}

void tell_of_artifacts(std::string& out, const json& artifacts) {
  if (!artifacts.is_object() || artifacts.empty())
    return;
  out += "Artifacts in the shared workspace:\n";
  auto refers = false;
  auto [shown, bytes] = share_of(artifacts.size());
  auto left = shown;
  for (auto i = artifacts.begin(); i != artifacts.end() && left > 0; ++i, --left) {
    const auto& value = i.value();
    if (!value.is_null())
      out += "## " + i.key() + "\n" + quote(value, bytes) + "\n";
    refers = refers || (value.is_object() && value.contains("$artifact"));
  }
  tell_of_the_rest(out, artifacts.size() - shown);
  if (refers)
    out += "{\"$artifact\": …} stands for an artifact that is too large to be shown here: read it with get.\n";
}

/// The newest of what the team has decided or asked; an entry is an object that says `key`.
void tell_of_entries(std::string& out, const char* title, const json& entries, const char* key) {
  if (!entries.is_array() || entries.empty())
    return;
  out += title;
  auto left_out = entries.size() - std::min(entries.size(), most_entries);
  if (left_out > 0)
    out += "(" + std::to_string(left_out) + " older ones: read the whole workspace with get)\n";
  for (auto i = left_out; i < entries.size(); ++i) {
    const auto& x = entries[i];
    // A workspace that was given to begin with may hold them in another form.
    if (!x.is_object() || !x.contains(key)) {
      out += "- " + quote(x, entry_bytes) + "\n";
      continue;
    }
    out += "- " + text_at(x, "id");
    if (auto by = text_at(x, "by"); !by.empty())
      out += " by " + by;
    out += ": " + quote(member(x, key), entry_bytes);
    if (auto reason = text_at(x, "reason"); !reason.empty())
      out += ", because " + quote(reason, entry_bytes);
    out += "\n";
  }
}

void tell_of_messages(std::string& out, const json& inbox) {
  if (!inbox.is_array() || inbox.empty())
    return;
  out += "Messages to you:\n";
  auto [shown, bytes] = share_of(inbox.size());
  for (size_t i = 0; i < shown; ++i) {
    const auto& x = inbox[i];
    out += "- " + text_at(x, "id") + " from " + text_at(x, "from") + " (" + text_at(x, "type")
           + "): " + quote(member(x, "content"), bytes) + "\n";
  }
  tell_of_the_rest(out, inbox.size() - shown);
}

/// What the member's answer is to be.
void tell_of_the_answer(std::string& out, const json& context) {
  if (const auto& question = member(context, "question"); question.is_object())
    out += "The " + text_at(question, "from") + " asks you: " + quote(member(question, "content"))
           + "\nAnswer this question and nothing else.\n";
  else if (member(context, "reviews") == true)
    out += "You review the work. Answer " + std::string{verdict_form} + ", and nothing else.\n";
  else if (auto artifact = text_at(context, "writes"); !artifact.empty())
    out += "What you answer becomes the artifact \"" + artifact
           + "\": answer with all of it and nothing else, unless you have written it with put.\n";
}

} // namespace

std::string brief(const json& context) {
  std::string out;
  tell_of_itself(out, context);
  const auto& workspace = member(context, "workspace");
  const auto& task = member(workspace, "task");
  list(out, "Requirements:\n", member(task, "requirements"));
  list(out, "Constraints:\n", member(task, "constraints"));
  tell_of_teammates(out, member(context, "teammates"));
  if (auto phase = text_at(context, "phase"); !phase.empty())
    out += "The phase is " + phase + ".\n";
  out += "This is iteration " + quote(member(context, "iteration")) + " of at most "
         + quote(member(context, "max_iterations")) + ".\n";
  if (const auto& feedback = member(context, "feedback"); feedback.is_object())
    out += "The " + text_at(feedback, "from") + " asked for changes: " + quote(member(feedback, "comments")) + "\n";
  tell_of_artifacts(out, member(workspace, "artifacts"));
  tell_of_entries(out, "Decisions made so far:\n", member(workspace, "decisions_made"), "decision");
  // Who answers a question may not decide.
  const auto* questions = member(context, "question").is_object()
                              ? "Open questions:\n"
                              : "Open questions (decide settles one whose id you give):\n";
  tell_of_entries(out, questions, member(workspace, "open_questions"), "question");
  tell_of_messages(out, member(context, "inbox"));
  list(out, "Refused of what you did last:\n", member(context, "refused"));
  tell_of_the_answer(out, context);
  return out;
}

} // namespace troupe

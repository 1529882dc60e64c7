#include "runtime/team/brief.hpp"

#include "runtime/core/json_io.hpp"

namespace troupe {

namespace {

/// Bytes of one artifact or message that the text quotes.
constexpr size_t quoted = 8'000;

std::string text_at(const json& x, const char* key) {
  auto i = x.is_object() ? x.find(key) : x.end();
  return x.is_object() && i != x.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

std::string quote(const json& value) {
  auto text = value.is_string() ? value.get<std::string>() : print_json(value);
  if (text.size() <= quoted)
    return text;
  auto end = quoted;
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

const json& member(const json& x, const char* key) {
  static const json nothing;
  auto i = x.is_object() ? x.find(key) : x.end();
  return x.is_object() && i != x.end() ? *i : nothing;
}

json tool(const char* name, const char* what, json properties, json required) {
  return {{"type", "function"},
          {"function",
           {{"name", name},
            {"description", what},
            {"parameters",
             {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}}}}}};
}

} // namespace

std::string brief(const json& context) {
  std::string out = "You are the " + text_at(context, "role") + " of a team";
  if (auto goal = text_at(context, "goal"); !goal.empty())
    out += " working to this goal: " + goal;
  out += ".\n";
  if (auto expertise = text_at(context, "expertise"); !expertise.empty())
    out += "Your expertise: " + expertise + ".\n";
  list(out, "Your responsibilities:\n", member(context, "responsibilities"));
  const auto& task = member(member(context, "workspace"), "task");
  list(out, "Requirements:\n", member(task, "requirements"));
  list(out, "Constraints:\n", member(task, "constraints"));
  const auto& teammates = member(context, "teammates");
  if (teammates.is_array() && !teammates.empty()) {
    out += "Your teammates:\n";
    for (auto& x : teammates) {
      out += "- " + text_at(x, "role");
      if (auto expertise = text_at(x, "expertise"); !expertise.empty())
        out += ": " + expertise;
      if (auto when = text_at(x, "ask_when"); !when.empty())
        out += ". Ask when " + when;
      out += "\n";
    }
  }
  if (auto phase = text_at(context, "phase"); !phase.empty())
    out += "The phase is " + phase + ".\n";
  out += "This is iteration " + quote(member(context, "iteration")) + " of at most "
         + quote(member(context, "max_iterations")) + ".\n";
  if (const auto& feedback = member(context, "feedback"); feedback.is_object())
    out += "The " + text_at(feedback, "from") + " asked for changes: " + quote(member(feedback, "comments")) + "\n";
  const auto& artifacts = member(member(context, "workspace"), "artifacts");
  if (artifacts.is_object() && !artifacts.empty()) {
    out += "Artifacts in the shared workspace:\n";
    for (auto& [name, value] : artifacts.items())
      if (!value.is_null())
        out += "## " + name + "\n" + quote(value) + "\n";
  }
  const auto& inbox = member(context, "inbox");
  if (inbox.is_array() && !inbox.empty()) {
    out += "Messages to you:\n";
    for (auto& x : inbox)
      out += "- " + text_at(x, "id") + " from " + text_at(x, "from") + " (" + text_at(x, "type")
             + "): " + quote(member(x, "content")) + "\n";
  }
  list(out, "Refused of what you did last:\n", member(context, "refused"));
  if (const auto& question = member(context, "question"); question.is_object())
    out += "The " + text_at(question, "from") + " asks you: " + quote(member(question, "content"))
           + "\nAnswer this question and nothing else.\n";
  else if (member(context, "reviews") == true)
    out +=
        "You review the work. Answer {\"verdict\": \"approve\"}, or {\"verdict\": \"revise\", \"comments\": \"what to "
        "change\"}, and nothing else.\n";
  else if (auto artifact = text_at(context, "writes"); !artifact.empty())
    out += "What you answer becomes the artifact \"" + artifact
           + "\": answer with all of it and nothing else, unless you have written it with put.\n";
  return out;
}

json operation_tools(bool answering) {
  const json text = {{"type", "string"}};
  const json any = json::object();
  auto out = json::array();
  out.push_back(
      tool("ask", "Ask a teammate and wait for the answer.", {{"to", text}, {"content", text}}, {"to", "content"}));
  out.push_back(tool("notify", "Tell a teammate something; without `to`, all of them.",
                     {{"to", text}, {"content", text}}, json::array({"content"})));
  out.push_back(
      tool("get", "Read an artifact of the shared workspace.", {{"artifact", text}}, json::array({"artifact"})));
  out.push_back(tool("log", "Leave a note in the team's log.", {{"text", text}}, json::array({"text"})));
  out.push_back(
      tool("question", "Leave an open question for the team.", {{"question", text}}, json::array({"question"})));
  if (answering)
    return out;
  out.push_back(tool("answer", "Answer a question that waits in your inbox, by its id.",
                     {{"request", text}, {"content", text}}, {"request", "content"}));
  out.push_back(tool("put", "Write the next version of an artifact.", {{"artifact", text}, {"value", any}},
                     {"artifact", "value"}));
  out.push_back(
      tool("decide", "Record a decision.", {{"decision", text}, {"reason", text}}, json::array({"decision"})));
  out.push_back(tool("handoff", "Give the work to a teammate, once per turn.", {{"to", text}, {"content", text}},
                     json::array({"to"})));
  return out;
}

} // namespace troupe

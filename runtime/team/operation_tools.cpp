#include "runtime/team/operation_tools.hpp"

#include <utility>

namespace troupe {

namespace {

json operation_tool(const char* name, const char* what, json properties, json required) {
  return {{"type", "function"},
          {"function",
           {{"name", name},
            {"description", what},
            {"parameters",
             {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}}}}}};
}

json text_of(const char* what) {
  return {{"type", "string"}, {"description", what}};
}

/// Teammates need not be models: a program may want an object.
json any_of(const char* what) {
  return {{"description", what}};
}

json number_of(const char* what, double highest) {
  return {{"type", "number"}, {"description", what}, {"minimum", 0}, {"maximum", highest}};
}

json version_of(const char* what) {
  return {{"type", "integer"}, {"description", what}, {"minimum", 0}};
}

json artifacts_of() {
  return {{"type", "array"}, {"items", {{"type", "string"}}}, {"description", "names of artifacts that it is about"}};
}

json priority_of() {
  return {{"type", "string"}, {"enum", {"low", "normal", "high"}}};
}

constexpr double longest_wait_seconds = 86'400;

} // namespace

json operation_tools(bool answering) {
  const auto role = text_of("the role of a teammate");
  const auto content = any_of("a text, or JSON where the teammate wants that");
  const auto none = json::array();
  auto out = json::array();
  auto add = [&out](const char* name, const char* what, json properties, json required) {
    out.push_back(operation_tool(name, what, std::move(properties), std::move(required)));
  };
  add("ask", "Ask a teammate and wait for the answer.",
      {{"to", role},
       {"content", content},
       {"priority", priority_of()},
       {"artifacts", artifacts_of()},
       {"timeout_seconds", number_of("how long to wait; left out: as long as the team allows", longest_wait_seconds)}},
      {"to", "content"});
  add("notify", "Tell a teammate something; without `to`, all of them.",
      {{"to", role}, {"content", content}, {"priority", priority_of()}, {"artifacts", artifacts_of()}},
      json::array({"content"}));
  add("get", "Read an artifact of the shared workspace; without `artifact`, the whole workspace.",
      {{"artifact", text_of("its name")}, {"version", version_of("left out: the newest")}}, none);
  add("log", "Leave a note in the team's log.", {{"text", text_of("the note")}}, json::array({"text"}));
  add("question", "Leave an open question for the team.", {{"question", text_of("the question")}},
      json::array({"question"}));
  add("inbox", "Read the messages that wait for you now.", json::object(), none);
  // Who answers a question says its answer. It could answer others of its inbox by the tool, but would take that for
  // the way to answer this one.
  if (answering)
    return out;
  add("answer", "Answer a question that waits in your inbox, by its id.",
      {{"request", text_of("the id of the question")}, {"content", content}, {"artifacts", artifacts_of()}},
      {"request", "content"});
  add("put", "Write the next version of an artifact.",
      {{"artifact", text_of("its name")},
       {"value", any_of("all of it: a text or any JSON")},
       {"expected_version", version_of("the version that it follows, 0: none is there yet; left out: the one that you "
                                       "have last seen")},
       {"confidence", number_of("how sure you are, where the team votes", 1)}},
      {"artifact", "value"});
  add("decide", "Record a decision.",
      {{"decision", any_of("what is decided")},
       {"reason", text_of("why")},
       {"question", text_of("the id of the open question that it settles")}},
      json::array({"decision"}));
  add("handoff", "Give the work to a teammate, once per turn.",
      {{"to", role}, {"content", content}, {"artifacts", artifacts_of()}}, json::array({"to"}));
  return out;
}

} // namespace troupe

#include "runtime/team/op_json.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/policy/error_code_name.hpp"
#include "runtime/team/message_fields.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace troupe {

namespace {

constexpr size_t shown = 64;

tl::unexpected<error> wrong(const std::string& what) {
  return fail(v1::ERROR_CODE_INVALID_INPUT, what);
}

std::string list_of(std::initializer_list<std::string_view> words) {
  std::string out;
  for (auto word : words) {
    if (!out.empty())
      out += ", ";
    out += word;
  }
  return out;
}

std::string dump(const json& x) {
  return print_json(x);
}

/// Reads the members of one operation; keeps the first fault.
class op_reader {
public:
  op_reader(const json& x, std::string op) : x_{x}, op_{std::move(op)} {}

  void allow(std::initializer_list<std::string_view> keys) {
    // In the form of the message template there is more, which goes without saying here.
    static const std::vector<std::string_view> of_template = {
        "id",        "timestamp",  "from", "to", "content", "priority", "requires_response", "timeout_seconds",
        "artifacts", "in_reply_to"};
    auto is_template = !x_.contains("op");
    auto goes_without_saying = [&](const std::string& key) {
      return is_template && std::find(of_template.begin(), of_template.end(), key) != of_template.end();
    };
    for (auto& [key, value] : x_.items())
      if (key != "op" && key != "type" && std::find(keys.begin(), keys.end(), key) == keys.end()
          && !goes_without_saying(key))
        fault("has no member \"" + key.substr(0, shown) + "\"; it has "
              + (keys.size() == 0 ? std::string{"none"} : list_of(keys)));
  }

  std::string text(const char* key, bool needed) {
    auto i = x_.find(key);
    if (i == x_.end() || i->is_null()) {
      if (needed)
        fault(std::string{"needs `"} + key + "` (text)");
      return {};
    }
    if (!i->is_string()) {
      fault(std::string{"`"} + key + "` must be a text");
      return {};
    }
    return i->get<std::string>();
  }

  std::string value(const char* key, bool needed) {
    auto i = x_.find(key);
    if (i == x_.end()) {
      if (needed)
        fault(std::string{"needs `"} + key + "`");
      return "null";
    }
    return dump(*i);
  }

  std::optional<double> number(const char* key, double low, double high) {
    auto i = x_.find(key);
    if (i == x_.end() || i->is_null())
      return std::nullopt;
    if (!i->is_number() || !(i->get<double>() >= low && i->get<double>() <= high)) {
      fault(std::string{"`"} + key + "` must be a number from " + dump(low) + " to " + dump(high));
      return std::nullopt;
    }
    return i->get<double>();
  }

  int32_t priority() {
    auto i = x_.find("priority");
    if (i == x_.end() || i->is_null())
      return 0;
    auto read = read_priority(*i);
    if (!read)
      fault("`priority` must be low, normal, high, or a number from -100 to 100");
    return read.value_or(0);
  }

  std::optional<bool> flag(const char* key) {
    auto i = x_.find(key);
    if (i == x_.end() || i->is_null())
      return std::nullopt;
    if (!i->is_boolean()) {
      fault(std::string{"`"} + key + "` must be true or false");
      return std::nullopt;
    }
    return i->get<bool>();
  }

  /// For what nobody answers.
  void no_response() {
    if (flag("requires_response").value_or(false))
      fault("has no response: use ask where the answer is needed");
  }

  void artifacts(google::protobuf::RepeatedPtrField<std::string>& into) {
    auto i = x_.find("artifacts");
    if (i == x_.end() || i->is_null())
      return;
    if (auto names = read_artifact_names(*i))
      into.Assign(names->begin(), names->end());
    else
      fault("`artifacts` must be a list of names of artifacts, at most " + std::to_string(most_named_artifacts));
  }

  /// What a question and a notice have in common.
  template <class Message>
  void message(Message& into, bool needs_address) {
    into.set_to(text("to", needs_address));
    into.set_content(value("content", true));
    into.set_priority(priority());
    artifacts(*into.mutable_artifacts());
  }

  uint32_t timeout() {
    auto key = x_.contains("timeout") ? "timeout" : "timeout_seconds";
    return static_cast<uint32_t>(std::llround(number(key, 0, 86'400).value_or(0) * 1000));
  }

  void fault(std::string what) {
    if (!fault_)
      fault_ = error{v1::ERROR_CODE_INVALID_INPUT, "operation " + op_ + " " + std::move(what), false};
  }

  const std::optional<error>& fault() const {
    return fault_;
  }

private:
  const json& x_;
  std::string op_;
  std::optional<error> fault_;
};

result<std::string> operation_of(const json& x) {
  if (!x.is_object())
    return wrong(std::string{"an operation is an object with `op`; this is "} + x.type_name());
  constexpr auto all = "ask, answer, notify, handoff, put, get, decide, question, log, inbox";
  if (auto i = x.find("op"); i != x.end()) {
    if (!i->is_string())
      return wrong(std::string{"`op` must be one of "} + all);
    return i->get<std::string>();
  }
  auto i = x.find("type");
  if (i == x.end() || !i->is_string())
    return wrong(std::string{"an operation needs `op`, one of "} + all);
  if (*i == "request")
    return std::string{"ask"};
  if (*i == "response")
    return std::string{"answer"};
  if (*i == "handoff")
    return std::string{"handoff"};
  if (*i == "feedback" || *i == "event")
    return std::string{"notify"};
  return wrong("`type` must be one of request, response, handoff, feedback, event");
}

} // namespace

result<v1::TaskOp> parse_operation(const json& x) {
  auto op = operation_of(x);
  if (!op)
    return tl::unexpected<error>(op.error());
  op_reader in{x, *op};
  v1::TaskOp out;
  if (*op == "ask") {
    in.allow({"to", "content", "priority", "timeout_seconds", "timeout", "requires_response", "artifacts"});
    // A request in the form of the message template may be one for whose answer nobody waits.
    if (in.flag("requires_response") == false) {
      in.message(*out.mutable_notify(), true);
    } else {
      in.message(*out.mutable_ask(), true);
      out.mutable_ask()->set_timeout_ms(in.timeout());
    }
  } else if (*op == "answer") {
    in.allow({"request", "content", "to", "artifacts"});
    auto& to = *out.mutable_answer();
    to.set_request(in.text(x.contains("in_reply_to") && !x.contains("request") ? "in_reply_to" : "request", true));
    to.set_content(in.value("content", true));
    in.artifacts(*to.mutable_artifacts());
  } else if (*op == "notify") {
    in.allow({"to", "content", "priority", "requires_response", "artifacts"});
    in.message(*out.mutable_notify(), false);
    in.no_response();
  } else if (*op == "handoff") {
    in.allow({"to", "content", "artifacts", "priority", "requires_response"});
    auto& to = *out.mutable_handoff();
    to.set_to(in.text("to", true));
    to.set_content(in.value("content", false));
    in.artifacts(*to.mutable_artifacts());
    in.priority();
    in.no_response();
  } else if (*op == "put") {
    in.allow({"artifact", "value", "expected_version", "confidence"});
    auto& to = *out.mutable_put();
    to.set_artifact(in.text("artifact", true));
    to.set_value(in.value("value", true));
    if (auto version = in.number("expected_version", 0, 9e15))
      to.set_expected_version(static_cast<uint64_t>(*version));
    if (auto confidence = in.number("confidence", 0, 1))
      to.set_confidence(*confidence);
  } else if (*op == "get") {
    in.allow({"artifact", "version"});
    auto& to = *out.mutable_get();
    to.set_artifact(in.text("artifact", false));
    to.set_version(static_cast<uint64_t>(in.number("version", 0, 9e15).value_or(0)));
  } else if (*op == "decide") {
    in.allow({"decision", "reason", "question"});
    auto& to = *out.mutable_decide();
    to.set_decision(in.value("decision", true));
    to.set_reason(in.text("reason", false));
    to.set_question(in.text("question", false));
  } else if (*op == "question") {
    in.allow({"question"});
    out.mutable_question()->set_question(in.text("question", true));
  } else if (*op == "log") {
    in.allow({"text"});
    out.mutable_log()->set_text(in.text("text", true));
  } else if (*op == "inbox") {
    in.allow({});
    out.mutable_inbox();
  } else {
    return wrong("there is no operation \"" + op->substr(0, shown)
                 + "\"; there are ask, answer, notify, handoff, put, get, decide, question, log, inbox");
  }
  if (in.fault())
    return tl::unexpected<error>(*in.fault());
  return out;
}

const char* name_of(const v1::TaskOp& op) {
  switch (op.op_case()) {
  case v1::TaskOp::kAsk:
    return "ask";
  case v1::TaskOp::kAnswer:
    return "answer";
  case v1::TaskOp::kNotify:
    return "notify";
  case v1::TaskOp::kHandoff:
    return "handoff";
  case v1::TaskOp::kPut:
    return "put";
  case v1::TaskOp::kGet:
    return "get";
  case v1::TaskOp::kDecide:
    return "decide";
  case v1::TaskOp::kQuestion:
    return "question";
  case v1::TaskOp::kLog:
    return "log";
  case v1::TaskOp::kInbox:
    return "inbox";
  case v1::TaskOp::OP_NOT_SET:
    break;
  }
  return "nothing";
}

bool has_operations(const json& output) {
  auto found = output.is_object() ? output.find("operations") : output.end();
  if (!output.is_object() || found == output.end())
    return false;
  if (output.contains("output"))
    return true;
  auto is_one = [](const json& x) { return x.is_object() && (x.contains("op") || x.contains("type")); };
  return found->is_array() ? found->empty() || std::any_of(found->begin(), found->end(), is_one) : is_one(*found);
}

json beside_operations(const json& output) {
  if (auto own = output.find("output"); own != output.end())
    return *own;
  auto rest = output;
  for (const auto* key : {"operations", "confidence", "quality"})
    rest.erase(key);
  return rest.empty() ? json{} : rest;
}

json answer_to_json(const v1::OpAnswer& x) {
  if (x.has_error() && x.error().code() != v1::ERROR_CODE_UNSPECIFIED)
    return {{"error", {{"code", error_code_name(x.error().code())}, {"message", x.error().message()}}}};
  auto value = x.value().empty() ? json{} : json::parse(x.value(), nullptr, false);
  return {{"value", value.is_discarded() ? json{} : std::move(value)}};
}

} // namespace troupe

#include "runtime/agents/process/protocol.hpp"

#include "runtime/agents/agent_error.hpp"
#include "runtime/agents/function/payload_codec.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/team/op_json.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr size_t max_id_bytes = 512;
constexpr size_t max_note_bytes = 1'024;

/// JSON text on one line. Its strings hold no raw control characters, so every line end in it is mere space.
std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

result<std::string> input_text(const v1::Payload& input) {
  if (is_json(input)) {
    if (input.data().empty())
      return std::string{"null"};
    if (auto fault = check_json(input.data()))
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  "the input is not valid JSON: byte " + std::to_string(fault->offset) + ": " + fault->what);
    return on_one_line(input.data());
  }
  auto value = payload_to_json(input);
  if (!value)
    return tl::unexpected<error>(value.error());
  return print_payload(*value);
}

std::string text_of(const json& object, const char* key) {
  auto i = object.find(key);
  return i != object.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

uint64_t count_of(const json& object, const char* key) {
  auto i = object.find(key);
  return i != object.end() && i->is_number_unsigned() ? i->get<uint64_t>() : 0;
}

void read_error(const json& x, v1::TaskResult& out) {
  auto why = read_agent_error(x);
  *out.mutable_error() = why.to_proto();
  out.set_status(why.code == v1::ERROR_CODE_CANCELLED   ? v1::TASK_STATUS_CANCELLED
                 : why.code == v1::ERROR_CODE_TIMED_OUT ? v1::TASK_STATUS_TIMED_OUT
                                                        : v1::TASK_STATUS_FAILED);
}

process_progress read_progress(std::string id, const json& x) {
  process_progress out;
  out.task_id = std::move(id);
  auto& fraction = x.is_object() && x.contains("fraction") ? x["fraction"] : x;
  if (fraction.is_number())
    out.fraction = std::min(1.0, fraction.get<double>());
  auto note = x.is_string() ? x.get<std::string>() : x.is_object() ? text_of(x, "note") : std::string{};
  out.note = clean_text(note, max_note_bytes);
  return out;
}

process_answer read_answer(std::string id, json& x) {
  process_answer out;
  out.task_id = std::move(id);
  if (auto i = x.find("error"); i != x.end() && !i->is_null()) {
    read_error(*i, out.result);
  } else {
    out.result.set_status(v1::TASK_STATUS_SUCCESS);
    *out.result.mutable_output() = json_payload(x["output"].dump());
  }
  if (auto i = x.find("confidence"); i != x.end() && i->is_number())
    out.result.set_confidence(i->get<double>());
  if (auto i = x.find("quality"); i != x.end() && i->is_number())
    out.result.set_quality(i->get<double>());
  if (auto i = x.find("usage"); i != x.end() && i->is_object()) {
    auto& usage = *out.result.mutable_usage();
    usage.set_tokens_in(count_of(*i, "tokens_in"));
    usage.set_tokens_out(count_of(*i, "tokens_out"));
    if (auto usd = i->find("usd"); usd != i->end() && usd->is_number())
      usage.set_usd(usd->get<double>());
  }
  return out;
}

process_operation read_operation(std::string id, json& x) {
  process_operation out;
  out.task_id = std::move(id);
  if (auto i = x.find("id"); i != x.end()) {
    out.tag = print_json(*i);
    if (out.tag.size() > max_id_bytes)
      out.tag = "null";
  }
  x.erase("task_id");
  x.erase("id");
  out.op = parse_operation(x);
  return out;
}

} // namespace

std::string encode_operation_answer(const std::string& task_id, const std::string& tag, const v1::OpAnswer& answer) {
  auto out = answer_to_json(answer);
  out["task_id"] = task_id;
  if (!tag.empty())
    out["answer_to"] = json::parse(tag, nullptr, false);
  return print_json(out) + "\n";
}

std::string wire_id(const std::string& run_id, uint32_t task) {
  return run_id + "/" + std::to_string(task);
}

result<std::string> encode_request(const v1::Task& task) {
  auto input = input_text(task.input());
  if (!input)
    return input;
  auto quoted = [](const std::string& s) { return print_json(json(s)); };
  std::string out = "{\"task_id\":" + quoted(wire_id(task.run_id(), task.task()));
  out += ",\"attempt\":" + std::to_string(task.attempt());
  out += ",\"idempotency_key\":" + quoted(task.idempotency_key());
  out += ",\"timeout_ms\":" + std::to_string(task.timeout_ms());
  if (task.has_turn()) {
    const auto& context = task.turn().context();
    out += ",\"turn\":" + (context.empty() ? *input : on_one_line(context));
  }
  out += ",\"input\":" + *input + "}\n";
  return out;
}

process_line parse_line(std::string_view line) {
  // The output may be as deep as any payload; the line is one level more.
  auto value = parse_payload(line, max_payload_depth + 1);
  if (!value)
    return process_garbage{value.error().message};
  if (!value->is_object())
    return process_garbage{"not an object"};
  auto id = value->find("task_id");
  if (id == value->end() || !id->is_string())
    return process_garbage{"no text \"task_id\""};
  auto task_id = id->get<std::string>();
  if (task_id.size() > max_id_bytes)
    return process_garbage{"a \"task_id\" of " + std::to_string(task_id.size()) + " bytes"};
  if (value->contains("output") || value->contains("error"))
    return read_answer(std::move(task_id), *value);
  if (value->contains("op") || value->contains("type"))
    return read_operation(std::move(task_id), *value);
  if (value->contains("progress"))
    return read_progress(std::move(task_id), (*value)["progress"]);
  return process_garbage{"none of \"output\", \"error\", \"op\" and \"progress\""};
}

} // namespace troupe

#include "runtime/agents/function/payload_codec.hpp"

#include "runtime/agents/json_text.hpp"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <utility>

namespace troupe {

namespace {

/// The content type without its parameters.
std::string_view media_type(const v1::Payload& x) {
  std::string_view all = x.content_type();
  all = all.substr(0, all.find(';'));
  while (!all.empty() && all.back() == ' ')
    all.remove_suffix(1);
  return all;
}

/// The value of the parameter `type`, or nothing.
std::string_view message_type(const v1::Payload& x) {
  std::string_view all = x.content_type();
  auto i = all.find("type=");
  if (i == std::string_view::npos)
    return {};
  all.remove_prefix(i + 5);
  return all.substr(0, all.find_first_of("; "));
}

} // namespace

bool is_json(const v1::Payload& x) {
  auto type = media_type(x);
  return type.empty() || type == "application/json";
}

bool is_text(const v1::Payload& x) {
  return media_type(x) == "text/plain";
}

bool is_protobuf(const v1::Payload& x) {
  return media_type(x) == "application/protobuf";
}

result<json> payload_to_json(const v1::Payload& x) {
  if (is_json(x)) {
    auto value = parse_payload(x.data());
    if (!value)
      return fail(value.error().code, "the input is not valid JSON: " + value.error().message);
    return value;
  }
  if (is_text(x)) {
    if (auto fault = check_utf8(x.data()))
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  "the input is not text: invalid UTF-8 at byte " + std::to_string(fault->offset));
    return json(x.data());
  }
  return fail(v1::ERROR_CODE_INVALID_INPUT, "the input is " + x.content_type() + ", and the agent reads JSON");
}

result<void> payload_to_message(const v1::Payload& x, google::protobuf::Message& out) {
  if (is_protobuf(x)) {
    auto type = message_type(x);
    if (!type.empty() && type != out.GetTypeName())
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  "the input is a " + std::string{type} + ", and the agent reads " + out.GetTypeName());
    if (!out.ParseFromString(x.data()))
      return fail(v1::ERROR_CODE_INVALID_INPUT, "the input is not a valid " + out.GetTypeName());
    return {};
  }
  if (!is_json(x))
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "the input is " + x.content_type() + ", and the agent reads " + out.GetTypeName() + " or JSON");
  if (auto fault = check_json(x.data()))
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "the input is not valid JSON: byte " + std::to_string(fault->offset) + ": " + fault->what);
  auto status = google::protobuf::util::JsonStringToMessage(x.data(), &out);
  if (!status.ok())
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "the input is not a " + out.GetTypeName() + ": " + std::string{status.message()});
  return {};
}

v1::Payload json_payload(std::string text) {
  v1::Payload out;
  out.set_content_type("application/json");
  out.set_data(std::move(text));
  return out;
}

v1::Payload text_payload(std::string text) {
  v1::Payload out;
  out.set_content_type("text/plain");
  out.set_data(std::move(text));
  return out;
}

v1::Payload protobuf_payload(const google::protobuf::Message& x) {
  v1::Payload out;
  out.set_content_type("application/protobuf; type=" + x.GetTypeName());
  x.SerializeToString(out.mutable_data());
  return out;
}

result<v1::Payload> protobuf_json_payload(const google::protobuf::Message& x) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  auto status = google::protobuf::util::MessageToJsonString(x, &text, options);
  if (!status.ok())
    return fail(v1::ERROR_CODE_INVALID_OUTPUT,
                "the output, a " + x.GetTypeName() + ", has no JSON form: " + std::string{status.message()});
  return json_payload(std::move(text));
}

} // namespace troupe

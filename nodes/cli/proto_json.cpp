#include "nodes/cli/proto_json.hpp"

#include "troupe/v1/common.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/reflection.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace troupe::cli {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// Deeper text stays text: nlohmann's writer is recursive.
constexpr int max_depth = 200;

bool is_shallow(std::string_view text) {
  int depth = 0;
  for (auto c : text) {
    if (c == '[' || c == '{')
      ++depth;
    else if (c == ']' || c == '}')
      --depth;
    if (depth > max_depth)
      return false;
  }
  return true;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    auto count = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k)
      out += k <= count ? digits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

json value_of(const Message& message, const FieldDescriptor& field, const Reflection& reflection, int index) {
  auto repeated = index >= 0;
  switch (field.cpp_type()) {
  case FieldDescriptor::CPPTYPE_BOOL:
    return repeated ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field);
  case FieldDescriptor::CPPTYPE_INT32:
    return repeated ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field);
  case FieldDescriptor::CPPTYPE_INT64:
    return repeated ? reflection.GetRepeatedInt64(message, &field, index) : reflection.GetInt64(message, &field);
  case FieldDescriptor::CPPTYPE_UINT32:
    return repeated ? reflection.GetRepeatedUInt32(message, &field, index) : reflection.GetUInt32(message, &field);
  case FieldDescriptor::CPPTYPE_UINT64:
    return repeated ? reflection.GetRepeatedUInt64(message, &field, index) : reflection.GetUInt64(message, &field);
  case FieldDescriptor::CPPTYPE_DOUBLE:
    return repeated ? reflection.GetRepeatedDouble(message, &field, index) : reflection.GetDouble(message, &field);
  case FieldDescriptor::CPPTYPE_FLOAT:
    return repeated ? reflection.GetRepeatedFloat(message, &field, index) : reflection.GetFloat(message, &field);
  case FieldDescriptor::CPPTYPE_ENUM:
    return enum_name(
        *(repeated ? reflection.GetRepeatedEnum(message, &field, index) : reflection.GetEnum(message, &field)));
  case FieldDescriptor::CPPTYPE_MESSAGE:
    return to_json(repeated ? reflection.GetRepeatedMessage(message, &field, index)
                            : reflection.GetMessage(message, &field));
  case FieldDescriptor::CPPTYPE_STRING: {
    auto text = repeated ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
    return field.type() == FieldDescriptor::TYPE_BYTES ? bytes_to_json(text) : json(std::move(text));
  }
  }
  return nullptr;
}

json map_of(const Message& message, const FieldDescriptor& field, const Reflection& reflection) {
  auto out = json::object();
  const auto& entry_type = *field.message_type();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const auto& entry = reflection.GetRepeatedMessage(message, &field, i);
    auto key = value_of(entry, *entry_type.map_key(), *entry.GetReflection(), -1);
    out[key.is_string() ? key.get<std::string>() : key.dump()] =
        value_of(entry, *entry_type.map_value(), *entry.GetReflection(), -1);
  }
  return out;
}

json text_to_json(const std::string& bytes) {
  try {
    json text(bytes);
    static_cast<void>(text.dump());
    return text;
  } catch (const json::type_error&) {
    // Not UTF-8.
    return {{"base64", base64(bytes)}};
  }
}

json payload_to_json(const v1::Payload& payload) {
  if (payload.content_type().empty() || payload.content_type() == "application/json")
    return bytes_to_json(payload.data());
  return {{"content_type", payload.content_type()}, {"data", text_to_json(payload.data())}};
}

} // namespace

std::string enum_name(const google::protobuf::EnumValueDescriptor& value) {
  // "RunState" -> "RUN_STATE_": the prefix that proto3 asks for.
  std::string prefix;
  for (auto c : value.type()->name()) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty())
      prefix += '_';
    prefix += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  prefix += '_';
  std::string_view name = value.name();
  if (name.starts_with(prefix))
    name.remove_prefix(prefix.size());
  std::string out{name};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

json bytes_to_json(const std::string& bytes) {
  if (bytes.empty())
    return nullptr;
  if (is_shallow(bytes)) {
    auto parsed = json::parse(bytes, nullptr, false);
    if (!parsed.is_discarded())
      return parsed;
  }
  return text_to_json(bytes);
}

json to_json(const Message& message) {
  if (const auto* payload = dynamic_cast<const v1::Payload*>(&message))
    return payload_to_json(*payload);
  auto out = json::object();
  const auto& type = *message.GetDescriptor();
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    if (field.is_map()) {
      out[field.name()] = map_of(message, field, reflection);
    } else if (field.is_repeated()) {
      auto& list = out[field.name()] = json::array();
      for (int k = 0; k < reflection.FieldSize(message, &field); ++k)
        list.push_back(value_of(message, field, reflection, k));
    } else if (!field.has_presence() || reflection.HasField(message, &field)) {
      out[field.name()] = value_of(message, field, reflection, -1);
    }
  }
  return out;
}

} // namespace troupe::cli

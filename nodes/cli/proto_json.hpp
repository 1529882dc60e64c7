#pragma once

#include "runtime/core/json.hpp"

#include <google/protobuf/message.h>

#include <string>

namespace troupe::cli {

/// A message as people and scripts want to read it: member names as in the .proto files; enum values in lower case
/// without their prefix ("succeeded"); bytes and payloads that hold JSON as that JSON, other text as a string, anything
/// else as {"base64": …}. Members without a value are there too, so that the shape does not depend on the values; only
/// unset messages, `optional` members and members of a `oneof` are left out.
json to_json(const google::protobuf::Message& message);

/// "succeeded" for RUN_STATE_SUCCEEDED.
std::string enum_name(const google::protobuf::EnumValueDescriptor& value);

/// JSON when it is some, a string when it is UTF-8, else {"base64": …}. Empty: null.
json bytes_to_json(const std::string& bytes);

} // namespace troupe::cli

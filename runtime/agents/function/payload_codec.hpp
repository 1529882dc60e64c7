#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/common.pb.h"

#include <string_view>

namespace google::protobuf {
class Message;
}

namespace troupe {

/// `application/json; charset=utf-8` is `application/json`; nothing at all is that too.
bool is_json(const v1::Payload& x);
bool is_text(const v1::Payload& x);
bool is_protobuf(const v1::Payload& x);

/// Text becomes a JSON string, no bytes at all become null. Fails with ERROR_CODE_INVALID_INPUT on anything else than
/// JSON and text, and on what only claims to be.
result<json> payload_to_json(const v1::Payload& x);

/// From `application/protobuf` (whose type, where given, must be the message's) or by Protobuf's JSON mapping, where
/// unknown members are errors. Fails with ERROR_CODE_INVALID_INPUT.
result<void> payload_to_message(const v1::Payload& x, google::protobuf::Message& out);

v1::Payload json_payload(std::string text);
v1::Payload text_payload(std::string text);

/// As `application/protobuf; type=<full name>`.
v1::Payload protobuf_payload(const google::protobuf::Message& x);

/// By Protobuf's JSON mapping. Fails with ERROR_CODE_INVALID_OUTPUT (an Any of an unknown type, say).
result<v1::Payload> protobuf_json_payload(const google::protobuf::Message& x);

} // namespace troupe

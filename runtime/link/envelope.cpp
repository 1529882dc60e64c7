#include "runtime/link/envelope.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <limits>

namespace troupe {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

/// Messages below this are parsed without being counted: what they can unfold to is small.
constexpr size_t count_from = size_t{64} << 10;

constexpr size_t longest_name = 256;

/// Counts the objects (submessages, strings, unknown fields) that `bytes` would become, up to `left`. False when they
/// are more or when the bytes are not well-formed.
bool count_objects(CodedInputStream& in, const Descriptor& type, size_t& left, int depth) {
  while (auto tag = in.ReadTag()) {
    auto* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    auto wire_type = WireFormatLite::GetTagWireType(tag);
    if (wire_type != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (field == nullptr && left-- == 0)
        return false;
      if (!WireFormatLite::SkipField(&in, tag))
        return false;
      continue;
    }
    uint32_t length = 0;
    if (!in.ReadVarint32(&length) || length > static_cast<uint32_t>(std::numeric_limits<int>::max()) || left-- == 0)
      return false;
    if (field == nullptr || field->type() != FieldDescriptor::TYPE_MESSAGE) {
      if (!in.Skip(static_cast<int>(length)))
        return false;
      continue;
    }
    if (depth == 0)
      return false;
    auto outer = in.PushLimit(static_cast<int>(length));
    if (!count_objects(in, *field->message_type(), left, depth - 1) || in.BytesUntilLimit() != 0)
      return false;
    in.PopLimit(outer);
  }
  return true;
}

bool is_named(const std::string& x) {
  return !x.empty() && x.size() <= longest_name;
}

tl::unexpected<error> malformed() {
  return fail(v1::ERROR_CODE_INVALID_INPUT, "a message is no troupe.v1.Envelope");
}

} // namespace

void append_envelope(std::string& out, const v1::Envelope& head, int field, const google::protobuf::MessageLite& body) {
  head.AppendToString(&out);
  uint8_t prefix[16];
  auto* end = WireFormatLite::WriteTagToArray(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, prefix);
  end = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(body.ByteSizeLong()), end);
  out.append(reinterpret_cast<const char*>(prefix), static_cast<size_t>(end - prefix));
  body.AppendToString(&out);
}

result<void> parse_envelope(std::string_view bytes, v1::Envelope& out, const envelope_limits& limits) {
  if (bytes.size() >= count_from) {
    google::protobuf::io::ArrayInputStream source(bytes.data(), static_cast<int>(bytes.size()));
    CodedInputStream in(&source);
    auto left = limits.max_objects;
    if (!count_objects(in, *v1::Envelope::descriptor(), left, 32)) {
      if (left == std::numeric_limits<size_t>::max())
        return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                    "a message of more than " + std::to_string(limits.max_objects) + " parts is above the limit");
      return malformed();
    }
  }
  if (!out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return malformed();
  return {};
}

result<void> check_hello(const v1::Envelope& first, const v1::Hello& own) {
  if (!first.has_hello())
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the peer's first message is no Hello");
  auto& peer = first.hello();
  if (peer.protocol() != own.protocol())
    return fail(v1::ERROR_CODE_FORBIDDEN, "the peer speaks \"" + peer.protocol().substr(0, 32)
                                              + "\", this node speaks \"" + own.protocol()
                                              + "\"; run the same major version on both");
  if (peer.cluster() != own.cluster())
    return fail(v1::ERROR_CODE_FORBIDDEN, "the peer belongs to cluster \"" + peer.cluster().substr(0, longest_name)
                                              + "\", this node to \"" + own.cluster() + "\"");
  if (!is_named(peer.name()) || !is_named(peer.boot_id()))
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the peer's name and boot id need 1 to 256 bytes");
  if (peer.role() != "worker" && peer.role() != "client" && peer.role() != "coordinator")
    return fail(v1::ERROR_CODE_FORBIDDEN, "the peer's role is none of worker, client, coordinator");
  return {};
}

result<void> check_recipient(const v1::Envelope& message, const std::string& own_boot_id) {
  if (message.to_boot_id() == own_boot_id)
    return {};
  return fail(v1::ERROR_CODE_FENCED, "the message is meant for another life of this process; connect again");
}

} // namespace troupe

#include "actors/link/link_connection.hpp"

namespace troupe {

v1::Envelope envelope_head(link_connection& to, uint64_t correlation) {
  v1::Envelope out;
  out.set_id(to.next_id());
  out.set_correlation(correlation);
  out.set_to_boot_id(to.peer().boot_id());
  return out;
}

send_status send_message(link_connection& to, const v1::Envelope& head, int field,
                         const google::protobuf::MessageLite& body, send_options options) {
  // Kept per thread: a steady stream of messages allocates nothing.
  thread_local std::string bytes;
  constexpr size_t keep = size_t{1} << 20;
  bytes.clear();
  append_envelope(bytes, head, field, body);
  auto status = to.write(bytes, options);
  if (bytes.capacity() > keep)
    bytes = std::string{};
  return status;
}

} // namespace troupe

#pragma once

#include "runtime/core/result.hpp"
#include "troupe/v1/link.pb.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

inline constexpr const char* link_protocol = "troupe/1";

/// The field of v1::Envelope that carries a message of type T.
template <class T>
inline constexpr int envelope_field = 0;

#define TROUPE_ENVELOPE_FIELD(type)                                                                                    \
  template <>                                                                                                          \
  inline constexpr int envelope_field<v1::type> = v1::Envelope::k##type##FieldNumber
TROUPE_ENVELOPE_FIELD(Hello);
TROUPE_ENVELOPE_FIELD(Error);
TROUPE_ENVELOPE_FIELD(Ack);
TROUPE_ENVELOPE_FIELD(JoinCluster);
TROUPE_ENVELOPE_FIELD(JoinedCluster);
TROUPE_ENVELOPE_FIELD(Heartbeat);
TROUPE_ENVELOPE_FIELD(HeartbeatAck);
TROUPE_ENVELOPE_FIELD(LeaveCluster);
TROUPE_ENVELOPE_FIELD(DrainNode);
TROUPE_ENVELOPE_FIELD(ListNodes);
TROUPE_ENVELOPE_FIELD(NodeList);
TROUPE_ENVELOPE_FIELD(FindAgents);
TROUPE_ENVELOPE_FIELD(AgentList);
TROUPE_ENVELOPE_FIELD(TaskBatch);
TROUPE_ENVELOPE_FIELD(ResultBatch);
TROUPE_ENVELOPE_FIELD(ProgressBatch);
TROUPE_ENVELOPE_FIELD(CancelBatch);
TROUPE_ENVELOPE_FIELD(OpBatch);
TROUPE_ENVELOPE_FIELD(OpAnswerBatch);
TROUPE_ENVELOPE_FIELD(SubmitRun);
TROUPE_ENVELOPE_FIELD(RunAccepted);
TROUPE_ENVELOPE_FIELD(GetRun);
TROUPE_ENVELOPE_FIELD(RunDetails);
TROUPE_ENVELOPE_FIELD(ListRuns);
TROUPE_ENVELOPE_FIELD(RunList);
TROUPE_ENVELOPE_FIELD(CancelRun);
TROUPE_ENVELOPE_FIELD(ResumeRuns);
TROUPE_ENVELOPE_FIELD(WatchRun);
TROUPE_ENVELOPE_FIELD(RunUpdate);
TROUPE_ENVELOPE_FIELD(InvokeAgent);
TROUPE_ENVELOPE_FIELD(TaskResult);
TROUPE_ENVELOPE_FIELD(AnswerQuestion);
TROUPE_ENVELOPE_FIELD(ReadWorkspace);
TROUPE_ENVELOPE_FIELD(WorkspaceView);
TROUPE_ENVELOPE_FIELD(WatchWorkspace);
TROUPE_ENVELOPE_FIELD(WorkspaceUpdate);
TROUPE_ENVELOPE_FIELD(WorkspaceSeen);
#undef TROUPE_ENVELOPE_FIELD

/// Appends the wire form of an envelope whose head (ids, deadline, …) is `head` and whose body is `body` in field
/// `field`. Saves the copy of the body that filling in an Envelope would take.
void append_envelope(std::string& out, const v1::Envelope& head, int field, const google::protobuf::MessageLite& body);

/// How much one message may unfold to: two bytes on the wire can become an object of hundreds.
struct envelope_limits {
  size_t max_objects = 1'000'000;
};

/// Reads an envelope off the wire. Fails with invalid_input when it is none, resource_exhausted on a limit.
result<void> parse_envelope(std::string_view bytes, v1::Envelope& out, const envelope_limits& limits = {});

/// What a node expects of a peer's Hello. Fails with invalid_input (no Hello, names missing or overlong), forbidden
/// (other protocol, other cluster, unknown role).
result<void> check_hello(const v1::Envelope& first, const v1::Hello& own);

/// Whether a message is meant for this life of this process.
result<void> check_recipient(const v1::Envelope& message, const std::string& own_boot_id);

} // namespace troupe

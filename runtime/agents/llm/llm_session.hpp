#pragma once

#include "runtime/agents/http/http_session.hpp"
#include "runtime/agents/llm/chat_reply.hpp"
#include "runtime/agents/llm/llm_settings.hpp"
#include "runtime/agents/llm/sse_parser.hpp"
#include "runtime/core/clock.hpp"
#include "troupe/v1/task.pb.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// One task of an `llm` agent: a conversation of one question and, while the answer does not fit the output schema, up
/// to `repair_turns` corrections.
///
///     begin ──▶ ask ──▶ (parts of a stream)* ──▶ answer ──▶ fits ──▶ success
///                ▲                                  │
///                └── faults, while turns are left ──┴── none left ──▶ invalid_output
///
/// The usage of all turns adds up and is reported with failures as well: it was paid for. An output
/// under a schema may hold a judgement, see take_judgement.
class llm_session final : public http_session {
public:
  /// `time` must outlive the session.
  llm_session(std::shared_ptr<const llm_settings> config, std::shared_ptr<const llm_endpoint> endpoint,
              const v1::Task& task, const clock& time);

  http_action step(const http_event& event) override;

  std::string progress() const override;

private:
  http_action on(const http_begin&);
  http_action on(const http_head& head);
  http_action on(const http_body_part& part);
  http_action on(const http_response& response);
  http_action on(const error& failure);

  http_action ask();
  http_action answered();
  http_action judge();
  void end_turn();
  v1::TaskResult finish(v1::TaskResult result);
  v1::TaskResult give_up(v1::Error failure);
  v1::TaskResult give_up(errc code, std::string message, bool retryable);
  result<void> feed(std::string_view bytes);
  result<void> end_stream();
  result<void> read_events(const std::vector<sse_event>& events);

  std::shared_ptr<const llm_settings> config_;
  std::shared_ptr<const llm_endpoint> endpoint_;
  v1::Payload input_;
  std::string traceparent_;
  const clock& time_;

  json messages_;
  uint64_t repairs_ = 0;
  v1::Usage usage_;
  /// Pieces of earlier turns.
  uint64_t pieces_ = 0;

  /// Of the turn that is open.
  chat_reply reply_;
  sse_parser events_;
  /// The head said text/event-stream.
  bool streaming_ = false;
  /// A streamed body of another type.
  std::string body_;
};

} // namespace troupe

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

/// One task of an `llm` agent: a conversation of one question and, while the answer does not fit the output schema (or
/// lacks the verdict that is due), up to `repair_turns` corrections.
///
///     begin ──▶ ask ──▶ (parts of a stream)* ──▶ answer ──▶ fits ──▶ success
///                ▲                                  │
///                └── faults, while turns are left ──┴── none left ──▶ invalid_output
///
/// In a team's turn the model is told who it is (`brief`), and its tools are the operations of a turn: each call is
/// done before the next question, in at most `most_tool_turns` of them. What it says in the end is its output, unless
/// it has written its artifact by a tool already; where it reviews, the verdict in what it says. A review without one
/// would let everything pass, so it is sent back like an answer that does not fit.
///
/// The usage of all turns adds up and is reported with failures as well: it was paid for. An output
/// under a schema may hold a judgement, see take_judgement.
class llm_session final : public http_session {
public:
  static constexpr uint64_t most_tool_turns = 32;

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

  http_action on(const v1::OpAnswer& answer);

  http_action ask();
  /// The next of the tools that the model wants used, or the next question when all are.
  http_action use_tools();
  http_action answered();
  http_action judge();
  /// The output of this task must say whether the work passes.
  bool owes_verdict() const;
  http_action lacks_verdict(const std::string& fault);
  /// The model hears of the faults, while corrections are left; then the task fails for `what`.
  http_action send_back(const std::vector<std::string>& faults, const std::string& what);
  void begin_turn();
  /// What the model said, where no schema says what it must be.
  void take_text(v1::TaskResult& out);
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

  v1::TurnGrant turn_;
  bool in_team_ = false;
  bool reviews_ = false;
  bool in_phases_ = false;
  /// The model has named who is next.
  bool has_handed_over_ = false;
  /// The artifact that the output becomes, and whether the model has written it itself.
  std::string writes_;
  bool has_written_ = false;
  json tools_;
  json messages_;
  /// Of the turn that is open: what became of its tools so far, and how many turns used any.
  std::vector<std::string> tool_answers_;
  uint64_t tool_turns_ = 0;
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

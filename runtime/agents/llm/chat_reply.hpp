#pragma once

#include "runtime/agents/http/http_message.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/common.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A completion as it grows: out of the pieces of a stream, or out of one whole answer.
class chat_reply {
public:
  /// One event's data of a stream: a JSON chunk or "[DONE]". Fails with the server's own error when the chunk holds
  /// one, with ERROR_CODE_INVALID_OUTPUT when it is not what it should be.
  result<void> add_chunk(std::string_view data);

  /// A whole answer.
  result<void> add_whole(std::string_view body);

  /// What the model said.
  const std::string& content() const {
    return content_;
  }

  /// A tool that the model wants used.
  struct tool_call {
    std::string id;
    std::string name;
    /// JSON text, as the model wrote it.
    std::string arguments;
  };

  const std::vector<tool_call>& tool_calls() const {
    return tool_calls_;
  }

  const std::string& refusal() const {
    return refusal_;
  }

  /// Empty until the model has said why it stopped.
  const std::string& finish_reason() const {
    return finish_reason_;
  }

  /// The server said that the stream is complete.
  bool done() const {
    return done_ || !finish_reason_.empty();
  }

  /// Pieces of text so far; about one token each.
  uint64_t pieces() const {
    return pieces_;
  }

  /// Absent when the server sends no usage: nothing is estimated.
  uint64_t tokens_in() const {
    return tokens_in_;
  }

  uint64_t tokens_out() const {
    return tokens_out_;
  }

private:
  result<json> parse(std::string_view text) const;
  void add_choice(const json& choice, const char* member);
  void add_usage(const json& object);
  void add_tool_calls(const json& calls);

  std::string content_;
  std::string refusal_;
  std::vector<tool_call> tool_calls_;
  std::string finish_reason_;
  bool done_ = false;
  uint64_t pieces_ = 0;
  uint64_t tokens_in_ = 0;
  uint64_t tokens_out_ = 0;
};

/// The failure that a response stands for which is not 2xx: http_status_error, sharpened by what the usual servers put
/// into `error.code` and `error.type` (a spent quota comes as 429 but will not go away by waiting).
v1::Error chat_error(const http_response& response, int64_t now_ms);

} // namespace troupe

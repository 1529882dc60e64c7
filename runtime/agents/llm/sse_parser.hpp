#pragma once

#include "runtime/core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct sse_event {
  /// "message" unless the server says otherwise.
  std::string type;
  std::string data;
};

/// Server-sent events (WHATWG HTML, section 9.2.6), byte by byte in pieces of any size. `id` and `retry` are skipped: a
/// completion cannot be resumed.
class sse_parser {
public:
  /// `max_event_bytes` bounds a line, and an event's data.
  explicit sse_parser(size_t max_event_bytes = size_t{1} << 20) : max_{max_event_bytes} {}

  /// Appends the events that are complete now. Fails with ERROR_CODE_RESOURCE_EXHAUSTED when one grows past the bound;
  /// the parser is of no use from then on.
  result<void> feed(std::string_view bytes, std::vector<sse_event>& out);

  /// The stream is over: what came without a closing blank line counts too. The standard drops it, but some servers
  /// leave out the blank line after the last event.
  result<void> finish(std::vector<sse_event>& out);

private:
  result<void> end_line(std::vector<sse_event>& out);
  void dispatch(std::vector<sse_event>& out);

  size_t max_;
  std::string line_;
  std::string type_;
  std::string data_;
  bool has_data_ = false;
  /// The last byte was CR: a LF that follows belongs to it.
  bool after_cr_ = false;
  bool first_line_ = true;
};

} // namespace troupe

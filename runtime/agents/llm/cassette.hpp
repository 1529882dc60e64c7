#pragma once

#include "runtime/agents/http/http_message.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One recorded exchange. Holds the request's body, the answer's status, type and body, and nothing else: no URL and no
/// other header, so no secret that belongs there.
struct cassette_entry {
  std::string key;
  json request;
  int status = 200;
  std::string content_type;
  /// The body in pieces, each whole UTF-8; played back one by one.
  std::vector<std::string> chunks;
};

/// Recorded exchanges by request. As a text: JSON lines, one entry each:
///
///     {"key": "…", "request": {…}, "response": {"status": 200, "content_type": "…", "chunks": ["…", …]}}
///
/// A request that was recorded more than once is played back in the order of recording; the last answer repeats.
class cassette {
public:
  /// Fails with ERROR_CODE_INVALID_INPUT, naming `name` and the line. Empty lines are skipped, and so is a last line
  /// that was never finished.
  static result<cassette> parse(std::string_view text, const std::string& name);

  void add(cassette_entry entry);

  /// The next answer for `key`, or null. Valid until the next `add`.
  const cassette_entry* take(const std::string& key);

  size_t size() const {
    return entries_.size();
  }

private:
  struct track {
    std::vector<size_t> entries;
    size_t next = 0;
  };

  std::vector<cassette_entry> entries_;
  std::map<std::string, track> tracks_;
};

/// What of a request decides its answer: the body without `stream` and `stream_options`. Fails with
/// ERROR_CODE_INVALID_INPUT when the body is no JSON object.
result<json> canonical_request(const http_request& request);

/// SHA-256 (hex) of the canonical request's text.
std::string cassette_key(const json& canonical);

/// One line, with the newline. `secret` is taken out wherever it occurs.
std::string to_line(const cassette_entry& entry, std::string_view secret);

/// Cuts a body behind each blank line (the events of a stream), which leaves its characters whole.
std::vector<std::string> split_events(std::string_view body);

} // namespace troupe

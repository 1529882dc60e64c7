#include "runtime/agents/llm/cassette.hpp"

#include "runtime/agents/http/http_status.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/language/sha256.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace troupe {

namespace {

std::optional<cassette_entry> read_entry(const json& line) {
  try {
    cassette_entry out;
    out.key = line.at("key").get<std::string>();
    out.request = line.at("request");
    auto& response = line.at("response");
    out.status = response.at("status").get<int>();
    out.content_type = response.at("content_type").get<std::string>();
    out.chunks = response.at("chunks").get<std::vector<std::string>>();
    return out;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace

result<cassette> cassette::parse(std::string_view text, const std::string& name) {
  cassette out;
  for (int line = 1; !text.empty(); ++line) {
    auto end = text.find('\n');
    auto part = text.substr(0, end);
    auto unfinished = end == std::string_view::npos;
    text.remove_prefix(unfinished ? text.size() : end + 1);
    if (part.find_first_not_of(" \t\r") == std::string_view::npos)
      continue;
    auto value = parse_payload(part, max_payload_depth + 8);
    auto entry = value ? read_entry(*value) : std::nullopt;
    // A recorder that was killed leaves half a line behind.
    if (!entry && unfinished)
      break;
    if (!entry)
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  name + ":" + std::to_string(line) + ": "
                      + (value ? "expected {key, request, response: {status, content_type, chunks}}"
                               : "not a line of JSON: " + value.error().message));
    out.add(std::move(*entry));
  }
  return out;
}

void cassette::add(cassette_entry entry) {
  tracks_[entry.key].entries.push_back(entries_.size());
  entries_.push_back(std::move(entry));
}

const cassette_entry* cassette::take(const std::string& key) {
  auto i = tracks_.find(key);
  if (i == tracks_.end())
    return nullptr;
  auto& [entries, next] = i->second;
  auto& out = entries_[entries[next]];
  next = std::min(next + 1, entries.size() - 1);
  return &out;
}

result<json> canonical_request(const http_request& request) {
  auto body = parse_payload(request.body, max_payload_depth + 8);
  if (!body || !body->is_object())
    return fail(v1::ERROR_CODE_INVALID_INPUT, "a cassette takes requests with a JSON object as body");
  body->erase("stream");
  body->erase("stream_options");
  return body;
}

std::string cassette_key(const json& canonical) {
  return sha256_hex(canonical.dump());
}

std::string to_line(const cassette_entry& entry, std::string_view secret) {
  json line{{"key", entry.key},
            {"request", entry.request},
            {"response", {{"status", entry.status}, {"content_type", entry.content_type}, {"chunks", entry.chunks}}}};
  return redact(print_json(line), secret) + "\n";
}

std::vector<std::string> split_events(std::string_view body) {
  std::vector<std::string> out;
  while (!body.empty()) {
    auto end = body.find("\n\n");
    auto size = end == std::string_view::npos ? body.size() : end + 2;
    out.emplace_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return out;
}

} // namespace troupe

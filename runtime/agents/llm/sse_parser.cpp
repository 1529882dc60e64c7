#include "runtime/agents/llm/sse_parser.hpp"

#include <utility>

namespace troupe {

namespace {

tl::unexpected<error> too_long(size_t max) {
  return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
              "the server sent an event of more than " + std::to_string(max) + " bytes");
}

} // namespace

result<void> sse_parser::feed(std::string_view bytes, std::vector<sse_event>& out) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    auto end = bytes.find_first_of("\r\n");
    auto piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > max_)
      return too_long(max_);
    line_ += piece;
    if (end == std::string_view::npos)
      return {};
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (auto ok = end_line(out); !ok)
      return ok;
  }
  return {};
}

result<void> sse_parser::finish(std::vector<sse_event>& out) {
  if (!line_.empty())
    if (auto ok = end_line(out); !ok)
      return ok;
  dispatch(out);
  return {};
}

result<void> sse_parser::end_line(std::vector<sse_event>& out) {
  auto whole = std::exchange(line_, {});
  std::string_view line{whole};
  if (std::exchange(first_line_, false) && line.starts_with("\xEF\xBB\xBF"))
    line.remove_prefix(3);
  if (line.empty()) {
    dispatch(out);
    return {};
  }
  auto colon = line.find(':');
  auto name = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (name == "data") {
    if (data_.size() + value.size() + 1 > max_)
      return too_long(max_);
    if (std::exchange(has_data_, true))
      data_ += '\n';
    data_ += value;
  } else if (name == "event") {
    type_ = value;
  }
  return {};
}

void sse_parser::dispatch(std::vector<sse_event>& out) {
  if (has_data_)
    out.push_back({type_.empty() ? "message" : std::move(type_), std::move(data_)});
  type_.clear();
  data_.clear();
  has_data_ = false;
}

} // namespace troupe

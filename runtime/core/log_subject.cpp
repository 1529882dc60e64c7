#include "runtime/core/log_subject.hpp"

#include "runtime/core/trace_context.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace troupe {

namespace {

constexpr std::string_view opening = "[run=";

/// Ids come from clients too: none of them may end the brackets, or begin another line.
std::string plain(std::string_view id) {
  std::string out{id.substr(0, 256)};
  for (auto& c : out)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_' && c != '.')
      c = '?';
  return out;
}

std::string trace_member(std::string_view traceparent) {
  auto id = trace_id(traceparent);
  return id.empty() ? std::string{} : " trace_id=" + std::string{id};
}

} // namespace

std::string about(std::string_view run_id, std::string_view traceparent) {
  return std::string{opening} + plain(run_id) + trace_member(traceparent) + "]";
}

std::string about(std::string_view run_id, uint32_t task, uint32_t attempt, std::string_view traceparent) {
  return std::string{opening} + plain(run_id) + " task=" + std::to_string(task) + " attempt=" + std::to_string(attempt)
         + trace_member(traceparent) + "]";
}

std::string about(const v1::Task& task) {
  return about(task.run_id(), task.task(), task.attempt(), task.traceparent());
}

json split_subject(std::string_view line) {
  auto out = json::object();
  auto end = line.substr(0, opening.size()) == opening ? line.find("] ") : std::string_view::npos;
  if (end != std::string_view::npos) {
    auto rest = line.substr(1, end - 1);
    while (!rest.empty()) {
      auto word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      auto middle = word.find('=');
      if (middle == std::string_view::npos)
        continue;
      std::string name{word.substr(0, middle)};
      auto value = word.substr(middle + 1);
      uint32_t number = 0;
      if ((name == "task" || name == "attempt")
          && std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{})
        out[name] = number;
      else
        out[name] = std::string{value};
    }
    line.remove_prefix(end + 2);
  }
  out["message"] = std::string{line};
  return out;
}

} // namespace troupe

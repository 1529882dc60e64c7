#include "runtime/agents/function/task_input.hpp"

#include "runtime/agents/function/payload_codec.hpp"
#include "runtime/agents/json_text.hpp"

#include <algorithm>

namespace troupe {

const json& task_input::input() const {
  if (!parsed_) {
    auto value = payload_to_json(payload());
    if (!value)
      throw invalid_task_input{value.error().message};
    parsed_ = std::move(*value);
  }
  return *parsed_;
}

const json& task_input::at(std::string_view member) const {
  auto& all = input();
  auto i = all.is_object() ? all.find(member) : all.end();
  if (i == all.end())
    throw invalid_task_input{"the input has no member \"" + std::string{member} + "\""};
  return *i;
}

void task_input::read(google::protobuf::Message& out) const {
  if (auto done = payload_to_message(payload(), out); !done)
    throw invalid_task_input{done.error().message};
}

std::optional<milliseconds> task_input::time_left() const {
  if (task_.timeout_ms() == 0 || !env_.time)
    return std::nullopt;
  auto passed = env_.time->steady_ms() - env_.started_ms;
  return milliseconds{std::max<int64_t>(0, static_cast<int64_t>(task_.timeout_ms()) - passed)};
}

void task_input::progress(double fraction, std::string_view note) const {
  if (!env_.progress)
    return;
  v1::TaskProgress out;
  out.set_run_id(task_.run_id());
  out.set_task(task_.task());
  out.set_attempt(task_.attempt());
  out.set_fraction(fraction);
  out.set_note(clean_text(note, 1024));
  env_.progress(out);
}

} // namespace troupe

#include "runtime/agents/function/task_input.hpp"

#include "runtime/agents/function/payload_codec.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/team/op_json.hpp"

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

const json& task_input::turn() const {
  if (!turn_) {
    turn_.emplace();
    if (task_.has_turn()) {
      const auto& context = task_.turn().context();
      auto told = context.empty() ? input() : json::parse(context, nullptr, false);
      if (!told.is_discarded())
        *turn_ = std::move(told);
    }
  }
  return *turn_;
}

result<json> task_input::operate(const json& operation) const {
  auto op = parse_operation(operation);
  if (!op)
    return tl::unexpected<error>(op.error());
  return operate(std::move(*op));
}

result<json> task_input::operate(v1::TaskOp operation) const {
  if (!task_.has_turn())
    return fail(v1::ERROR_CODE_FORBIDDEN, "this task is no turn of a team: there is nobody to ask and nothing to put");
  if (!env_.operate)
    return fail(v1::ERROR_CODE_FORBIDDEN,
                "agent \"" + task_.agent()
                    + "\" cannot wait: register its function as blocking, or give `operations` in "
                      "its output");
  operation.set_run_id(task_.run_id());
  operation.set_task(task_.task());
  operation.set_attempt(task_.attempt());
  operation.set_epoch(task_.epoch());
  operation.set_number(++operations_);
  auto answer = env_.operate(std::move(operation));
  if (!answer)
    return tl::unexpected<error>(answer.error());
  if (answer->has_error() && answer->error().code() != v1::ERROR_CODE_UNSPECIFIED)
    return fail(answer->error().code(), answer->error().message(), answer->error().retryable());
  auto value = answer->value().empty() ? json{} : json::parse(answer->value(), nullptr, false);
  return value.is_discarded() ? json{} : std::move(value);
}

} // namespace troupe

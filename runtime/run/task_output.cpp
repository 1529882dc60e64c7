#include "runtime/run/task_output.hpp"

#include "runtime/agents/json_text.hpp"

namespace troupe {

result<lazy_json> read_output(const v1::Payload& payload) {
  const auto& type = payload.content_type();
  if (type.empty() || type == "application/json") {
    if (payload.data().empty())
      return lazy_json{};
    if (auto fault = check_json(payload.data()))
      return fail(v1::ERROR_CODE_INVALID_OUTPUT,
                  "the output is not valid JSON: byte " + std::to_string(fault->offset) + ": " + fault->what, true);
    return lazy_json{payload.data()};
  }
  if (type.rfind("text/", 0) == 0)
    return lazy_json{json(payload.data())};
  return fail(v1::ERROR_CODE_INVALID_OUTPUT,
              "an output of type " + type
                  + " cannot be used in a workflow; answer with application/json or text/plain");
}

} // namespace troupe

#include "runtime/run/task_output.hpp"

namespace troupe {

result<json_text> read_output(const v1::Payload& payload) {
  const auto& type = payload.content_type();
  if (type.empty() || type == "application/json") {
    if (payload.data().empty())
      return json_text{};
    if (!json::accept(payload.data()))
      return fail(v1::ERROR_CODE_INVALID_OUTPUT, "the output is not valid JSON", true);
    return json_text{payload.data()};
  }
  if (type.rfind("text/", 0) == 0)
    return json_text{json(payload.data())};
  return fail(v1::ERROR_CODE_INVALID_OUTPUT,
              "an output of type " + type
                  + " cannot be used in a workflow; answer with application/json or text/plain");
}

} // namespace troupe

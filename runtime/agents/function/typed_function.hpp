#pragma once

#include "runtime/agents/function/function_agent.hpp"
#include "runtime/agents/function/payload_codec.hpp"

#include <functional>
#include <utility>

namespace troupe {

/// A function from one Protobuf message to another. It reads JSON (Protobuf's JSON mapping) as well as
/// `application/protobuf`, and answers in the form in which it was asked.
template <class In, class Out>
class typed_function final : public function_agent {
public:
  using function = std::function<result<Out>(const In&, const task_input&)>;

  explicit typed_function(function fn) : fn_{std::move(fn)} {}

  result<task_output> run(const task_input& in) override {
    In request;
    in.read(request);
    auto answer = fn_(request, in);
    if (!answer)
      return tl::unexpected<error>(answer.error());
    task_output out;
    if (is_protobuf(in.payload())) {
      out.payload = protobuf_payload(*answer);
    } else {
      auto as_json = protobuf_json_payload(*answer);
      if (!as_json)
        return tl::unexpected<error>(as_json.error());
      out.payload = std::move(*as_json);
    }
    return out;
  }

private:
  function fn_;
};

} // namespace troupe

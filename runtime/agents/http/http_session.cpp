#include "runtime/agents/http/http_session.hpp"

#include <utility>

namespace troupe {

v1::TaskResult failed_result(v1::Error failure) {
  v1::TaskResult out;
  switch (failure.code()) {
  case v1::ERROR_CODE_TIMED_OUT:
    out.set_status(v1::TASK_STATUS_TIMED_OUT);
    break;
  case v1::ERROR_CODE_CANCELLED:
    out.set_status(v1::TASK_STATUS_CANCELLED);
    break;
  default:
    out.set_status(v1::TASK_STATUS_FAILED);
  }
  *out.mutable_error() = std::move(failure);
  return out;
}

} // namespace troupe

#include "nodes/cli/exit_code.hpp"

namespace troupe::cli {

exit_code exit_code_of(const error& x) {
  switch (x.code) {
  case v1::ERROR_CODE_INVALID_INPUT:
  case v1::ERROR_CODE_NOT_FOUND:
  case v1::ERROR_CODE_ALREADY_EXISTS:
  case v1::ERROR_CODE_EXPRESSION:
    return exit_code::bad_input;
  case v1::ERROR_CODE_UNAVAILABLE:
    return exit_code::unreachable;
  default:
    return exit_code::failed;
  }
}

exit_code exit_code_of(v1::RunState state, bool allow_partial) {
  switch (state) {
  case v1::RUN_STATE_SUCCEEDED:
    return exit_code::done;
  case v1::RUN_STATE_PARTIAL:
    return allow_partial ? exit_code::done : exit_code::partial;
  default:
    return exit_code::failed;
  }
}

} // namespace troupe::cli

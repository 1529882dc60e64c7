#include "runtime/run/outcome.hpp"

#include "runtime/policy/error_code_name.hpp"

namespace troupe {

const char* outcome::name() const {
  switch (how) {
  case status::succeeded:
    return "succeeded";
  case status::failed:
    return why.code == v1::ERROR_CODE_TIMED_OUT ? "timed_out" : "failed";
  case status::skipped:
    return "skipped";
  case status::cancelled:
    return "cancelled";
  }
  return "failed";
}

json outcome::to_json() const {
  json out{{"status", name()}, {"output", output.value()}, {"attempts", attempts}, {"partial", partial}};
  if (!success())
    out["error"] = {{"code", error_code_name(why.code)}, {"message", why.message}};
  if (confidence)
    out["confidence"] = *confidence;
  if (quality)
    out["quality"] = *quality;
  return out;
}

std::string describe(const error& x) {
  return error_code_name(x.code) + ": " + x.message;
}

} // namespace troupe

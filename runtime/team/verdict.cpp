#include "runtime/team/verdict.hpp"

#include "runtime/core/json_io.hpp"

namespace troupe {

namespace {

constexpr size_t verdict_shown = 80;

} // namespace

std::optional<std::string> verdict_fault(const json& output) {
  if (output.is_object() && output.contains("operations"))
    return verdict_fault(output.value("output", json{}));
  auto i = output.is_object() ? output.find("verdict") : output.end();
  if (!output.is_object() || i == output.end() || i->is_null())
    return "there is no verdict in it";
  if (*i == "approve" || *i == "revise")
    return std::nullopt;
  return "a verdict is \"approve\" or \"revise\"; this is " + print_json(*i).substr(0, verdict_shown);
}

} // namespace troupe

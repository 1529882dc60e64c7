#include "runtime/team/verdict.hpp"

#include "runtime/core/json_io.hpp"

namespace troupe {

namespace {

constexpr size_t verdict_shown = 80;

} // namespace

const json* verdict_in(const json& output) {
  if (!output.is_object())
    return nullptr;
  if (auto inner = output.find("output"); inner != output.end() && output.contains("operations"))
    return verdict_in(*inner);
  auto i = output.find("verdict");
  return i == output.end() || i->is_null() ? nullptr : &*i;
}

std::optional<std::string> verdict_fault(const json* verdict) {
  if (verdict == nullptr)
    return "there is no verdict in it";
  if (*verdict == "approve" || *verdict == "revise")
    return std::nullopt;
  return "a verdict is \"approve\" or \"revise\"; this is " + print_json(*verdict).substr(0, verdict_shown);
}

} // namespace troupe

#include "runtime/agents/http/judgement.hpp"

#include <optional>

namespace troupe {

namespace {

std::optional<double> share(const json& output, const char* name) {
  auto i = output.find(name);
  if (i == output.end() || !i->is_number())
    return std::nullopt;
  auto x = i->get<double>();
  return x >= 0 && x <= 1 ? std::optional{x} : std::nullopt;
}

} // namespace

void take_judgement(const json& output, v1::TaskResult& result) {
  if (!output.is_object())
    return;
  if (auto x = share(output, "confidence"))
    result.set_confidence(*x);
  if (auto x = share(output, "quality"))
    result.set_quality(*x);
}

} // namespace troupe

#include "runtime/team/settlement.hpp"

#include "runtime/agents/json_text.hpp"
#include "runtime/team/turn_context.hpp"

#include <utility>

namespace troupe {

std::optional<json> read_settlement(const std::string& text) {
  auto out = parse_payload(text, max_told_depth + 1);
  if (!out || !out->is_object())
    return std::nullopt;
  auto keep = out->value("keep", json{});
  if (!out->contains("value") && keep != "current" && keep != "proposed")
    return std::nullopt;
  return std::move(*out);
}

} // namespace troupe

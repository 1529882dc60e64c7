#include "runtime/team/message_fields.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/team/artifact_name.hpp"

namespace troupe {

json read_content(const std::string& text) {
  return text.empty() ? json{} : read_json(text);
}

std::optional<int32_t> read_priority(const json& x) {
  if (x == "low")
    return -50;
  if (x == "normal")
    return 0;
  if (x == "high")
    return 50;
  if (!x.is_number() || !(x.get<double>() >= -100 && x.get<double>() <= 100))
    return std::nullopt;
  return static_cast<int32_t>(x.get<double>());
}

std::optional<std::vector<std::string>> read_artifact_names(const json& x) {
  if (!x.is_array() || x.size() > most_named_artifacts)
    return std::nullopt;
  std::vector<std::string> out;
  for (const auto& name : x) {
    if (!name.is_string() || !is_artifact_name(name.get_ref<const std::string&>()))
      return std::nullopt;
    out.push_back(name.get<std::string>());
  }
  return out;
}

} // namespace troupe

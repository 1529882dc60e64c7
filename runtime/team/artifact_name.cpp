#include "runtime/team/artifact_name.hpp"

#include <algorithm>

namespace troupe {

bool is_artifact_name(const std::string& name) {
  constexpr size_t longest = 128;
  if (name.empty() || name.size() > longest)
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
           || c == '.';
  });
}

} // namespace troupe

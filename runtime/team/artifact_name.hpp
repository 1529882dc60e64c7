#pragma once

#include <string>

namespace troupe {

/// 1 to 128 of A-Z a-z 0-9 _ - and dots: safe as a member of a JSON document, in a path of JSONPath and on a terminal.
bool is_artifact_name(const std::string& name);

} // namespace troupe

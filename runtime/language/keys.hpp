#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

using key_list = std::vector<std::string>;

/// The keys of every construct of the language, in the order in which the reference explains them. The parser refuses
/// all others; `definitions` of the published schema has the same lists under the same names.
const std::map<std::string, key_list, std::less<>>& language_keys();

/// `construct` must be in the table.
const key_list& keys_of(std::string_view construct);

} // namespace troupe

#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// The general category of a code point as one bit.
uint64_t unicode_category_bit(char32_t code_point);

/// The bits of a category by its Unicode name ("Lu") or of a whole group ("L"); 0 for an unknown name.
uint64_t unicode_category_mask(std::string_view name);

} // namespace troupe

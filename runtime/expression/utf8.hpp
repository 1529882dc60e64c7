#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::utf8 {

/// Well-formed as of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid(std::string_view text);

/// The code point at `pos`, which moves past it. A byte that begins no character counts as U+FFFD.
char32_t next(std::string_view text, size_t& pos);

void append(std::string& out, char32_t code_point);

/// Number of code points.
size_t length(std::string_view text);

} // namespace troupe::utf8

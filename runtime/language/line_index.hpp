#pragma once

#include "runtime/workflow/step.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace troupe {

/// Byte offsets to lines and columns, both from 1; columns count code points. Cheap for offsets that come in
/// rising order, which is how parsers produce them.
class line_index {
public:
  explicit line_index(std::string_view text);

  source_position at(size_t offset);

private:
  std::string_view text_;
  std::vector<size_t> starts_;
  size_t last_offset_ = 0;
  size_t last_line_ = 0;
  int last_column_ = 1;
};

/// Offset of the first byte that is no valid UTF-8, or of a control character that neither YAML nor JSON allows in its
/// text; npos when there is none.
size_t find_invalid_text(std::string_view text);

} // namespace troupe

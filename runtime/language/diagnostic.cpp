#include "runtime/language/load.hpp"

namespace troupe {

std::string to_string(const diagnostic& x) {
  auto out = x.source;
  if (x.line > 0)
    out += ":" + std::to_string(x.line) + ":" + std::to_string(x.column);
  if (!x.place.empty())
    out += (out.empty() ? "" : ": ") + x.place;
  out += (out.empty() ? "" : ": ") + x.message;
  if (!x.remedy.empty())
    out += "; " + x.remedy;
  return out;
}

} // namespace troupe

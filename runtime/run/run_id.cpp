#include "runtime/run/run_id.hpp"

#include "runtime/core/timestamp.hpp"

#include <algorithm>
#include <cctype>

namespace troupe {

std::string new_run_id(int64_t wall_ms, random_source& random) {
  // Crockford's alphabet: no i, l, o, u to be mistaken.
  constexpr char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  auto stamp = iso8601(wall_ms);
  std::string out;
  for (char c : stamp) {
    if (c == 'T')
      out += '-';
    else if (c == '.' || c == 'Z')
      break;
    else if (c != '-' && c != ':')
      out += c;
  }
  out += '-';
  auto bits = random.next();
  for (int i = 0; i < 8; ++i, bits >>= 5)
    out += alphabet[bits & 31];
  return out;
}

bool valid_run_id(const std::string& id) {
  return !id.empty() && id.size() <= 80 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

} // namespace troupe

#pragma once

#include <cstdint>
#include <vector>

namespace troupe {

/// Who waits for whom in a team. An edge is added for each question that somebody waits on; there may be several
/// between the same two.
class wait_graph {
public:
  void add(uint32_t waiting, uint32_t for_whom);
  void remove(uint32_t waiting, uint32_t for_whom);

  /// The circle that would close if `waiting` waited for `for_whom`: {waiting, for_whom, …}, the last of which waits
  /// for `waiting`. Empty when there is none.
  std::vector<uint32_t> circle_with(uint32_t waiting, uint32_t for_whom) const;

  bool waits(uint32_t member) const;

private:
  struct edge {
    uint32_t from;
    uint32_t to;
    bool operator==(const edge&) const = default;
  };
  std::vector<edge> edges_;
};

} // namespace troupe

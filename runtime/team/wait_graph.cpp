#include "runtime/team/wait_graph.hpp"

#include <algorithm>
#include <map>

namespace troupe {

void wait_graph::add(uint32_t waiting, uint32_t for_whom) {
  edges_.push_back({waiting, for_whom});
}

void wait_graph::remove(uint32_t waiting, uint32_t for_whom) {
  auto i = std::find(edges_.begin(), edges_.end(), edge{waiting, for_whom});
  if (i != edges_.end())
    edges_.erase(i);
}

std::vector<uint32_t> wait_graph::circle_with(uint32_t waiting, uint32_t for_whom) const {
  // The shortest way from `for_whom` back to `waiting`.
  std::map<uint32_t, uint32_t> came_from;
  std::vector<uint32_t> front{for_whom};
  came_from[for_whom] = for_whom;
  for (size_t next = 0; next < front.size(); ++next) {
    auto at = front[next];
    if (at == waiting) {
      std::vector<uint32_t> back;
      for (auto x = at; x != for_whom; x = came_from[x])
        back.push_back(x);
      back.push_back(for_whom);
      std::reverse(back.begin(), back.end());
      // `back` ends with `waiting`; the circle begins with it.
      std::rotate(back.begin(), back.end() - 1, back.end());
      return back;
    }
    for (const auto& e : edges_)
      if (e.from == at && came_from.emplace(e.to, at).second)
        front.push_back(e.to);
  }
  return {};
}

bool wait_graph::waits(uint32_t member) const {
  return std::any_of(edges_.begin(), edges_.end(), [&](const edge& e) { return e.from == member; });
}

} // namespace troupe

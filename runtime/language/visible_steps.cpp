#include "runtime/language/visible_steps.hpp"

#include <algorithm>

namespace troupe {

visible_steps::visible_steps(visible_steps* outer, const std::vector<std::string>& ids, size_t& edges)
    : outer_{outer}, edges_{edges}, ids_{ids}, dependencies_(ids.size()), has_all_before_(ids.size()) {
  for (uint32_t i = 0; i < ids.size(); ++i)
    index_.emplace(ids[i], i);
}

void visible_steps::add(uint32_t to) {
  if (dependencies_[*current_].insert(to).second)
    ++edges_;
}

visible_steps::finding visible_steps::refer(const std::string& id) {
  for (auto* group = this; group != nullptr; group = group->outer_) {
    auto i = group->index_.find(id);
    if (i == group->index_.end())
      continue;
    if (!group->current_)
      return finding::found;
    if (i->second == *group->current_)
      return finding::self;
    group->add(i->second);
    return finding::found;
  }
  return finding::missing;
}

bool visible_steps::refer_to_all_before() {
  for (auto* group = this; group != nullptr; group = group->outer_) {
    if (!group->current_ || group->has_all_before_[*group->current_])
      continue;
    if (edges_ + *group->current_ > most_edges)
      return false;
    group->has_all_before_[*group->current_] = true;
    for (uint32_t i = 0; i < *group->current_; ++i)
      group->add(i);
  }
  return true;
}

void visible_steps::refer_to_last() {
  if (current_ && *current_ > 0)
    add(*current_ - 1);
}

std::vector<std::string> visible_steps::names() const {
  constexpr size_t most = 1'000;
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (auto* group = this; group != nullptr; group = group->outer_)
    for (uint32_t i = 0; i < group->ids_.size() && out.size() < most; ++i)
      if (group->current_ != i && !group->ids_[i].empty() && seen.insert(group->ids_[i]).second)
        out.push_back(group->ids_[i]);
  return out;
}

std::vector<uint32_t> find_cycle(const std::vector<std::set<uint32_t>>& dependencies) {
  // Depth first with a stack of our own: a chain may be as long as the document allows.
  enum class colour : uint8_t { white, grey, black };
  std::vector<colour> colours(dependencies.size(), colour::white);
  struct visit {
    uint32_t step;
    std::set<uint32_t>::const_iterator next;
  };
  for (uint32_t root = 0; root < dependencies.size(); ++root) {
    if (colours[root] != colour::white)
      continue;
    std::vector<visit> path{{root, dependencies[root].begin()}};
    colours[root] = colour::grey;
    while (!path.empty()) {
      auto& top = path.back();
      if (top.next == dependencies[top.step].end()) {
        colours[top.step] = colour::black;
        path.pop_back();
        continue;
      }
      auto next = *top.next++;
      if (colours[next] == colour::grey) {
        auto begin = std::find_if(path.begin(), path.end(), [&](const visit& v) { return v.step == next; });
        std::vector<uint32_t> cycle;
        for (auto i = begin; i != path.end(); ++i)
          cycle.push_back(i->step);
        return cycle;
      }
      if (colours[next] == colour::white) {
        colours[next] = colour::grey;
        path.push_back({next, dependencies[next].begin()});
      }
    }
  }
  return {};
}

} // namespace troupe

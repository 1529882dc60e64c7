#include "runtime/team/merge_patch.hpp"

namespace troupe {

json make_merge_patch(const json& from, const json& to) {
  if (!from.is_object() || !to.is_object())
    return to;
  auto patch = json::object();
  for (auto& [name, old] : from.items()) {
    auto i = to.find(name);
    if (i == to.end() || i->is_null())
      patch[name] = nullptr;
    else if (*i != old)
      patch[name] = make_merge_patch(old, *i);
  }
  for (auto& [name, value] : to.items())
    if (!from.contains(name) && !value.is_null())
      patch[name] = value;
  return patch;
}

namespace {

/// Whether two patches of the same base touch the same member in different ways.
bool collide(const json& a, const json& b, std::string& where) {
  if (a == b)
    return false;
  if (!a.is_object() || !b.is_object())
    return true;
  for (auto& [name, mine] : a.items()) {
    auto i = b.find(name);
    if (i == b.end())
      continue;
    auto length = where.size();
    where += '/';
    where += name;
    if (collide(mine, *i, where))
      return true;
    where.resize(length);
  }
  return false;
}

} // namespace

std::optional<json> merge_three_ways(const json& base, const json& current, const json& proposed, std::string& where) {
  where.clear();
  if (current == proposed)
    return current;
  if (!base.is_object() || !current.is_object() || !proposed.is_object())
    return std::nullopt;
  auto theirs = make_merge_patch(base, current);
  auto ours = make_merge_patch(base, proposed);
  if (collide(theirs, ours, where))
    return std::nullopt;
  auto out = current;
  out.merge_patch(ours);
  return out;
}

} // namespace troupe

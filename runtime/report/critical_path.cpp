#include "runtime/report/critical_path.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// A child or an attempt of a step.
struct part {
  const step_instance* child = nullptr;
  const attempt_report* attempt = nullptr;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
};

std::vector<part> parts_of(const step_instance& x, const step_tree& tree) {
  std::vector<part> out;
  for (auto& child : x.children)
    out.push_back({child.get(), nullptr, child->what.start_ms, child->what.end_ms});
  for (auto i : x.attempts) {
    auto& attempt = tree.attempts()[i];
    out.push_back({nullptr, &attempt, attempt.start_ms, attempt.end_ms});
  }
  // Latest end first; among equals the one that worked longest.
  std::stable_sort(out.begin(), out.end(), [](const part& a, const part& b) {
    return a.end_ms != b.end_ms ? a.end_ms > b.end_ms : a.start_ms < b.start_ms;
  });
  return out;
}

/// Whether `later` can have waited for `earlier`. Within a group a step waits for its dependencies (one without any
/// that begins late belongs to another try of the group); elsewhere anything that had ended may have made room.
bool waited_for(const step_instance& parent, const part& later, const part& earlier) {
  auto* group = parent.definition ? std::get_if<group_step>(&parent.definition->body) : nullptr;
  if (!group || !later.child || !earlier.child || !later.child->definition || !earlier.child->definition)
    return true;
  auto& dependencies = later.child->definition->depends_on;
  return dependencies.empty() || std::any_of(dependencies.begin(), dependencies.end(), [&](uint32_t i) {
           return i < group->steps.size() && &group->steps[i] == earlier.child->definition;
         });
}

void collect(const step_instance& x, const step_tree& tree, std::vector<critical_report>& out) {
  auto parts = parts_of(x, tree);
  const part* later = nullptr;
  for (auto& p : parts) {
    // Begun together with the step: it has waited for nothing in here.
    if (later && later->start_ms <= x.what.start_ms)
      break;
    if (later && (p.end_ms > later->start_ms || !waited_for(x, *later, p)))
      continue;
    later = &p;
    if (p.child)
      collect(*p.child, tree, out);
    else
      out.push_back({p.attempt->step, p.attempt->agent, p.attempt->attempt, p.start_ms, p.end_ms, p.attempt->run_ms});
  }
}

} // namespace

std::vector<critical_report> critical_path(const step_tree& tree) {
  std::vector<critical_report> out;
  collect(tree.root(), tree, out);
  std::reverse(out.begin(), out.end());
  return out;
}

} // namespace troupe

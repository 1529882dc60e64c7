#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe {

/// The steps that a place in the document sees: those of its group, then those of the groups around it. Collects what
/// the steps of each group depend on.
class visible_steps {
public:
  static constexpr size_t most_edges = 1'000'000;

  enum class finding {
    found,
    /// The step itself, or one that contains it.
    self,
    missing,
  };

  /// `ids` in document order; a repeated one counts where it stands first. `edges` counts the dependencies of all
  /// groups of a document.
  visible_steps(visible_steps* outer, const std::vector<std::string>& ids, size_t& edges);

  /// Which step of the group is being compiled; none while it is the group's output.
  void enter(std::optional<uint32_t> step) {
    current_ = step;
  }

  /// A reference to `id` from the step being compiled: it, or whatever contains it in the group that has `id`, depends
  /// on that step.
  finding refer(const std::string& id);

  /// A reference to no step in particular: all that stand before, here and in the groups around.
  /// False when that would be too many dependencies to keep (`most_edges`).
  bool refer_to_all_before();

  /// The current step depends on the one before it.
  void refer_to_last();

  const std::vector<std::set<uint32_t>>& dependencies() const {
    return dependencies_;
  }

  /// Innermost first.
  std::vector<std::string> names() const;

private:
  void add(uint32_t to);

  visible_steps* outer_;
  size_t& edges_;
  std::vector<std::string> ids_;
  std::map<std::string, uint32_t> index_;
  std::optional<uint32_t> current_;
  std::vector<std::set<uint32_t>> dependencies_;
  std::vector<bool> has_all_before_;
};

/// Steps of one cycle in its order, or nothing when there is none.
std::vector<uint32_t> find_cycle(const std::vector<std::set<uint32_t>>& dependencies);

} // namespace troupe

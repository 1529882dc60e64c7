#pragma once

#include "runtime/workflow/team_step.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace troupe::sim {

/// The oracle's own books of whose turn it is: from the document and from what members say, never from what the product
/// says about phase, position or iteration. Answers are complaints; empty when all is well.
class team_order {
public:
  explicit team_order(const team_step& rules) : rules_{rules} {}

  /// A turn of this member begins. `chosen`: whom an agent has named, where one does.
  std::string begins(const std::string& role, const std::string& chosen);

  /// `verdict`: approve, revise, or nothing; `handed_to`: the first whom it handed the work to.
  void ends(const std::string& role, const std::string& verdict, const std::string& handed_to);

  /// Whether the team may be over now, for this reason and so far. `chosen` as above.
  std::string over(const std::string& reason, uint32_t iterations, const std::string& chosen) const;

  uint32_t iteration() const {
    return iteration_;
  }
  /// Empty where there are no phases.
  std::string phase() const;

private:
  using turns = team_step::turns;

  bool in_rounds() const {
    return rules_.order == turns::by_phase || rules_.order == turns::round_robin || rules_.order == turns::free;
  }
  uint32_t size() const {
    return static_cast<uint32_t>(rules_.members.size());
  }
  /// Who is next where that follows from the document and what was said; nobody: the team is to end.
  std::optional<std::string> next(const std::string& chosen) const;
  std::string begins_freely(const std::string& role);
  /// Whether the document names it to review.
  bool is_reviewer(const std::string& role) const;
  /// All of the phases or members have had their turns.
  void round_over();

  const team_step& rules_;
  uint32_t iteration_ = 1;
  uint32_t phase_ = 0;
  /// Who is next within the phase or the round.
  uint32_t position_ = 0;
  uint32_t begun_ = 0;
  bool under_way_ = false;
  /// Nobody may begin any more, or (where `until` decides) perhaps nobody.
  bool at_end_ = false;
  bool round_done_ = false;
  std::string last_verdict_ = {};
  /// by_phase: reviewers who have given no verdict in this iteration.
  std::set<std::string> silent_ = {};
  /// handoff: who had the turn before the last one, who had that, and whom it named.
  std::string before_ = {};
  std::string last_ = {};
  std::string handed_to_ = {};
  /// free: who has begun in this iteration, and who is at it.
  std::set<std::string> had_ = {};
  std::set<std::string> at_it_ = {};
};

} // namespace troupe::sim

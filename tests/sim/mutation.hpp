#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace troupe::sim {

/// A rule that is switched off, to show that the simulation notices.
enum class mutation : uint8_t {
  none,
  epoch_check,
  attempt_check,
  journal_before_use,
  /// A later life gives out task numbers that an earlier one has given to tasks ahead of the journal.
  new_numbers,
  /// An operation that is repeated is done again.
  recorded_answers,
  /// Who answers a question may write.
  turn_check,
  /// Every write is taken for one of the newest version.
  compare_and_set,
};

/// By the names that the command line has for them.
inline const std::map<std::string, mutation>& mutations() {
  static const std::map<std::string, mutation> out{{"epoch_check", mutation::epoch_check},
                                                   {"attempt_check", mutation::attempt_check},
                                                   {"journal_before_use", mutation::journal_before_use},
                                                   {"new_numbers", mutation::new_numbers},
                                                   {"recorded_answers", mutation::recorded_answers},
                                                   {"turn_check", mutation::turn_check},
                                                   {"compare_and_set", mutation::compare_and_set}};
  return out;
}

} // namespace troupe::sim

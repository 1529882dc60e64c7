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
  /// What a member was sent is not among what its task tells it; of answers that nobody waits for.
  lost_message,
  lost_answer,
  /// A question that closes a circle is not refused: whoever asks waits.
  wait_graph,
  /// A turn is given to a teammate of the one who is next.
  turn_order,
  /// While a question waits, no time runs out.
  question_timeout,
};

/// By the names that the command line has for them.
inline const std::map<std::string, mutation>& mutations() {
  static const std::map<std::string, mutation> out{{"epoch_check", mutation::epoch_check},
                                                   {"attempt_check", mutation::attempt_check},
                                                   {"journal_before_use", mutation::journal_before_use},
                                                   {"new_numbers", mutation::new_numbers},
                                                   {"recorded_answers", mutation::recorded_answers},
                                                   {"turn_check", mutation::turn_check},
                                                   {"compare_and_set", mutation::compare_and_set},
                                                   {"lost_message", mutation::lost_message},
                                                   {"lost_answer", mutation::lost_answer},
                                                   {"wait_graph", mutation::wait_graph},
                                                   {"turn_order", mutation::turn_order},
                                                   {"question_timeout", mutation::question_timeout}};
  return out;
}

} // namespace troupe::sim

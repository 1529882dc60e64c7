#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::sim {

/// The oracle's own books of what waits for the members of one team: questions until they are answered, and what is
/// only to be told until the next turn.
class team_inboxes {
public:
  static constexpr uint32_t nobody = UINT32_MAX;

  struct question {
    std::string id;
    std::string from;
    std::string to;
    int32_t priority = 0;
    int64_t sent_ms = 0;
    /// 0 = the team's, which may not be known yet.
    int64_t timeout_ms = 0;
    /// The operation that waits for the answer; `nobody`: it stood in an output or in the document.
    uint32_t task = nobody;
    uint32_t number = 0;
    /// A task answers it.
    bool served = false;
    /// It, or another one, has been answered.
    bool doubtful = false;
    /// The event that brought it.
    uint64_t event = 0;
    uint64_t place = 0;
  };

  // -- questions
  void asked(question x);
  /// It is answered or withdrawn.
  void close(const std::string& id);
  void close_of(uint32_t task, uint32_t number);
  /// Takes it out of its inbox. Another one that the rules put before it, which grows urgent as fast as said; null when
  /// there is none for certain. One that the same event has brought may have come after the choice.
  const question* serve(const std::string& id, uint64_t event, int64_t now_ms, int64_t ageing_ms);
  const question* find(const std::string& id) const;
  std::set<std::string> waiting_for(const std::string& role) const;
  /// Which of them `from` has answered to `to`, by what is known; null when that is not enough. `hint` is a question.
  const question* answered_by(const std::string& from, const std::string& to, const std::string& hint) const;
  /// That is not enough: only the one who is told will say.
  void doubt(const std::string& from, const std::string& to);
  /// The same where nobody has answered in time.
  const question* out_of_time(const std::string& from, const std::string& to, int64_t now_ms,
                              int64_t team_timeout_ms) const;

  // -- what is told at a turn: by message, what it answers (nothing, mostly)
  using notices = std::map<std::string, std::string>;
  void put(const std::string& role, const std::string& message, const std::string& in_reply_to);
  notices take(const std::string& role);

private:
  std::vector<question> open_;
  uint64_t last_place_ = 0;
  std::map<std::string, notices> notices_;
};

} // namespace troupe::sim

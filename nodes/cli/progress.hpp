#pragma once

#include "troupe/v1/run.pb.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

struct progress_options {
  /// Bars that are drawn over and over; otherwise lines that stay.
  bool terminal = false;
  /// Columns of the terminal.
  size_t width = 80;
  /// Steps shown at once; of more, those that have ended are counted only.
  size_t height = 16;
};

/// Shows a run while it goes on. A function of the updates and the time that it is told: no terminal, no clock.
class progress {
public:
  explicit progress(progress_options options = {});

  /// Takes an update in; yields the lines to write, none on a terminal. `now_ms` is any clock that keeps step with the
  /// one given to `draw`.
  std::string update(const v1::RunUpdate& x, int64_t now_ms);

  /// On a terminal: the text that draws the bars over those of the last call. Empty in a pipe.
  std::string draw(int64_t now_ms);

  /// Takes the bars away, so that something else can be written.
  std::string erase();

  /// "done in 3.2 s: 14 tasks, 2 retries, 1 failed"; after the run has finished.
  std::string summary() const;

private:
  struct step_view {
    std::string name;
    /// Frames of the run machine that have this name and have not ended.
    uint32_t frames = 0;
    /// Branches of a fan-out; 0 = not one.
    uint32_t children = 0;
    std::set<std::string, std::less<>> ended_children;
    uint32_t failed_children = 0;
    uint32_t running = 0;
    uint32_t retries = 0;
    int64_t started_at_ms = 0;
    int64_t ended_at_ms = 0;
    /// Empty while it runs.
    std::string outcome;
    bool partial = false;
    std::string note;
    /// Quarters of the fan-out that a line has been written for.
    uint32_t quarters_told = 0;
  };

  step_view& view_of(std::string_view place, int64_t at_ms);
  void child_ended(step_view& view, std::string_view place, bool success);
  std::string on(const v1::StepStarted& x, int64_t at_ms);
  std::string on(const v1::StepFinished& x, int64_t at_ms);
  std::string on(const v1::TaskStarted& x, int64_t at_ms);
  std::string on(const v1::TaskEnded& x, int64_t at_ms);
  std::string on(const v1::TaskProgress& x);
  std::string on(const v1::RunFinished& x, int64_t at_ms);
  std::string tell_quarter(step_view& view);
  std::string line_of(const step_view& view, size_t name_width, int64_t now_ms) const;

  progress_options options_;
  /// Steps of the top level, in the order in which they began.
  std::vector<step_view> steps_;
  std::map<std::string, size_t, std::less<>> index_;
  /// Which step a task that runs belongs to.
  std::map<uint32_t, size_t> step_of_task_;
  /// What to add to the caller's clock to get the coordinator's.
  int64_t skew_ms_ = 0;
  int64_t took_ms_ = 0;
  uint32_t tasks_ = 0;
  uint32_t retries_ = 0;
  uint32_t failures_ = 0;
  v1::RunState state_ = v1::RUN_STATE_RUNNING;
  size_t lines_drawn_ = 0;
};

/// "━━━━━━──────": `done` of `total`, in `width` columns.
std::string bar(uint64_t done, uint64_t total, size_t width);

} // namespace troupe::cli

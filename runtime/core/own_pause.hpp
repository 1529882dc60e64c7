#pragma once

#include <chrono>

namespace troupe {

/// A deadline that is noticed long after it was due was not watched: this process was stopped (Ctrl-Z, a debugger, a
/// machine that slept), or had no processor. What it waits for may have come meanwhile and lie unread, and whoever was
/// to send it may have been stopped, too. So that time does not count: yields the deadline, put off by as much as it
/// was noticed late; unchanged where it has just passed, or is still to come.
template <class TimePoint>
TimePoint without_own_pause(TimePoint due, TimePoint now) {
  // Timers of a busy thread are late by some milliseconds.
  constexpr std::chrono::milliseconds tolerated{500};
  return now - due > tolerated ? now + (now - due) : due;
}

} // namespace troupe

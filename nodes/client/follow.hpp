#pragma once

#include "nodes/client/client_impl.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

namespace troupe {

/// How to read a stream of updates to its end.
template <class Stream, class Update>
struct followed {
  /// Connects where need be, and asks for the stream; `Stream` has next(timeout), which gives an Update, nothing, or
  /// why the stream is over.
  std::function<result<Stream>()> open;
  std::function<void(Update&)> on_update;
  std::function<bool(const Update&)> is_last;
  /// Whether what failed is no fault but early: it is asked again until the deadline.
  std::function<bool(const error&)> is_early;
  /// It broke off and goes on: what follows begins anew.
  std::function<void()> on_restart;
  /// At least every `idle_interval`. False ends it with ERROR_CODE_CANCELLED.
  std::function<bool()> on_idle;
  /// What the deadline's error says.
  std::string too_late;
};

/// The last update. Connections that break and servers that start again are waited for, `longest_outage` at most each
/// time.
template <class Stream, class Update>
result<Update> follow(milliseconds deadline, const followed<Stream, Update>& what) {
  using steady = std::chrono::steady_clock;
  auto due = steady::now() + deadline;
  std::optional<Stream> stream;
  // Set while the connection is lost, or the stream was.
  std::optional<steady::time_point> outage_due;
  auto pause = milliseconds{0};
  for (;;) {
    if (what.on_idle && !what.on_idle())
      return fail(v1::ERROR_CODE_CANCELLED, "the wait was given up");
    if (left_until(due).count() == 0)
      return fail(v1::ERROR_CODE_TIMED_OUT, what.too_late);
    result<std::optional<Update>> next = std::nullopt;
    if (stream) {
      next = stream->next(std::min(idle_interval, left_until(due)));
    } else {
      std::this_thread::sleep_for(std::min(pause, left_until(due)));
      pause = std::clamp(pause * 2, shortest_retry, longest_retry);
      if (auto opened = what.open())
        stream.emplace(std::move(*opened));
      else
        next = tl::unexpected(std::move(opened.error()));
    }
    if (!next) {
      auto& why = next.error();
      stream.reset();
      if (what.is_early && what.is_early(why)) {
        outage_due.reset();
        continue;
      }
      if (!outage_due)
        outage_due = steady::now() + longest_outage;
      if (!is_passing(why) || left_until(*outage_due).count() == 0)
        return tl::unexpected(std::move(why));
      continue;
    }
    if (!*next)
      continue;
    if (outage_due && what.on_restart)
      what.on_restart();
    outage_due.reset();
    pause = milliseconds{0};
    what.on_update(**next);
    if (what.is_last(**next))
      return std::move(**next);
  }
}

} // namespace troupe

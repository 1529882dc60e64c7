#pragma once

#include "runtime/core/lazy_json.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

/// How a step ended.
struct outcome {
  enum class status : uint8_t { succeeded, failed, skipped, cancelled };

  status how = status::succeeded;
  /// Of a success; of a failure that `on_error` turned into a value.
  lazy_json output;
  /// Of a failure.
  error why;
  /// At least this long before another try.
  uint32_t retry_after_ms = 0;
  std::optional<double> confidence;
  std::optional<double> quality;
  uint32_t attempts = 1;
  /// Something below was left out or replaced by a default.
  bool partial = false;
  /// Failed, but the enclosing group goes on (`on_error`).
  bool tolerated = false;
  /// The failure goes up at once: the step's own `retry` does not apply.
  bool escalated = false;
  /// What a failed fan-out did get done, for `fallback`.
  lazy_json partial_results;

  bool success() const {
    return how == status::succeeded || how == status::skipped;
  }

  /// "succeeded", "failed", …
  const char* name() const;

  /// What `$.results.<id>` shows.
  json to_json() const;

  static outcome success_of(lazy_json value) {
    outcome out;
    out.output = std::move(value);
    return out;
  }

  static outcome failure(error why) {
    outcome out;
    out.how = status::failed;
    out.why = std::move(why);
    return out;
  }

  static outcome skipped() {
    outcome out;
    out.how = status::skipped;
    return out;
  }
};

/// "timed_out: no answer in 60 s".
std::string describe(const error& x);

} // namespace troupe

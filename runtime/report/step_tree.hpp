#pragma once

#include "runtime/report/run_report.hpp"
#include "runtime/workflow/workflow.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

/// A step that has begun, with what happened inside of it.
struct step_instance {
  step_report what;
  /// Null where the path does not lead to one (an agent that was asked to aggregate).
  const step* definition = nullptr;
  step_instance* parent = nullptr;
  std::vector<std::unique_ptr<step_instance>> children;
  /// Positions in step_tree::attempts.
  std::vector<size_t> attempts;
  bool open = true;
};

/// Puts the updates of a run together again: which step was part of which, and which attempts each made.
class step_tree {
public:
  step_tree(const workflow& definition, int64_t began_at_ms);

  /// In order.
  void add(const v1::RunUpdate& update);

  /// Closes what is still open, as running.
  void close(int64_t at_ms);

  int64_t began_at_ms() const {
    return began_at_ms_;
  }

  const step_instance& root() const {
    return *root_;
  }

  std::vector<attempt_report>& attempts() {
    return attempts_;
  }
  const std::vector<attempt_report>& attempts() const {
    return attempts_;
  }

  /// Null when there is none.
  attempt_report* find(uint32_t task, uint32_t attempt);

private:
  void begin(const v1::StepStarted& x, int64_t at_ms);
  void end(const v1::StepFinished& x, int64_t at_ms);
  void begin(const v1::TaskStarted& x, int64_t at_ms);
  void end(const v1::TaskEnded& x, int64_t at_ms);
  /// The innermost open step that is called `path` or contains it.
  step_instance& enclosing(const std::string& path);

  int64_t began_at_ms_;
  std::unique_ptr<step_instance> root_;
  std::vector<attempt_report> attempts_;
  std::map<std::pair<uint32_t, uint32_t>, size_t> by_number_;
  /// Open steps by path, innermost last.
  std::unordered_map<std::string, std::vector<step_instance*>> open_;
};

} // namespace troupe

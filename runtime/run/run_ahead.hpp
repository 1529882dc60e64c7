#pragma once

#include "runtime/run/command.hpp"
#include "runtime/run/machine.hpp"
#include "runtime/workflow/workflow.hpp"
#include "troupe/v1/run.pb.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace troupe {

/// Decides what may leave a run before the journal has the event that it follows from: what nobody outside can notice.
/// That are aggregations, which the coordinator computes itself, and tasks of pure agents, which leave nothing behind
/// but their answer. Should the event be lost with this process, it was work for nothing, and no more than that.
///
/// A later life of the run gives out task numbers anew. It leaves out as many as may have left ahead, so that no two
/// tasks ever have the same number.
class run_ahead {
public:
  /// Numbers that may be in use beyond those that the journal implies.
  static constexpr uint32_t most_tasks = run_machine::most_left_out;
  /// Bytes of events that are not durable yet: what a store that does not answer makes us keep.
  static constexpr size_t most_bytes = size_t{1} << 20;

  explicit run_ahead(workflow_ptr definition) : definition_{std::move(definition)} {}

  /// Nothing leaves ahead before this.
  void allow() {
    allowed_ = true;
  }

  /// All events so far are durable, and imply so many tasks.
  void durable(uint32_t tasks) {
    durable_tasks_ = append_tasks_ = tasks;
  }

  void offered(const v1::RunEvent& event) {
    if (allowed_)
      offered_bytes_ += event.ByteSizeLong();
  }

  /// An append goes to the store. `tasks`: what the events imply up to its last one.
  void appending(uint32_t tasks) {
    append_tasks_ = tasks;
    append_bytes_ += std::exchange(offered_bytes_, 0);
  }

  void appended() {
    durable_tasks_ = append_tasks_;
    append_bytes_ = 0;
    store_fails_ = false;
  }

  void append_failed() {
    store_fails_ = true;
  }

  /// Whether `x`, which follows from an event that is not durable yet, may leave now.
  bool lets(const command& x) const;

private:
  workflow_ptr definition_;
  bool allowed_ = false;
  bool store_fails_ = false;
  uint32_t durable_tasks_ = 0;
  uint32_t append_tasks_ = 0;
  size_t offered_bytes_ = 0;
  size_t append_bytes_ = 0;
};

} // namespace troupe

#pragma once

#include "runtime/workflow/workflow.hpp"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/run.pb.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace troupe {

/// What happened in a run so far, for those who come to watch it a little late: whoever starts a run and then watches
/// it is to miss nothing. It keeps the run's events while they are few and small, and makes updates of them when
/// somebody asks: a run that nobody watches pays nothing for updates.
class run_beginning {
public:
  struct limits {
    size_t events = 64;
    size_t bytes = size_t{256} << 10;
    /// Updates made of them.
    size_t updates = 256;
  };

  explicit run_beginning(limits most) : most_{most} {}

  /// Events of the journal, from the first on, in order.
  void add(const v1::RunEvent& event);
  void add(std::shared_ptr<const v1::AppendEvents> events);

  /// It does not know all: the run goes on from what somebody else began.
  void give_up();

  /// The updates of the first `seq` events, numbered from 1. Nothing when they were too many.
  std::optional<std::vector<v1::RunUpdate>> updates(const workflow_ptr& definition, uint64_t seq) const;

private:
  limits most_;
  bool complete_ = true;
  size_t events_ = 0;
  size_t bytes_ = 0;
  std::vector<std::shared_ptr<const v1::AppendEvents>> kept_;
};

} // namespace troupe

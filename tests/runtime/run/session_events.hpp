#pragma once

#include "runtime/run/command.hpp"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/task.pb.h"

#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// The tasks that are to be sent.
inline std::vector<v1::Task> tasks_of(const std::vector<command>& commands) {
  std::vector<v1::Task> out;
  for (const auto& next : commands)
    if (auto* start = std::get_if<start_task>(&next))
      out.push_back(*start->task);
  return out;
}

/// `task` has succeeded with this output (JSON).
inline v1::RunEvent success(const v1::Task& task, std::string output = "1") {
  v1::RunEvent event;
  auto* result = event.mutable_task_finished()->mutable_result();
  result->set_task(task.task());
  result->set_attempt(task.attempt());
  result->set_epoch(task.epoch());
  result->set_status(v1::TASK_STATUS_SUCCESS);
  result->mutable_output()->set_data(std::move(output));
  return event;
}

} // namespace troupe::test

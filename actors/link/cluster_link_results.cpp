// What this node's host has for the coordinator: results, progress, and what members of teams do.
#include "actors/fail_point/fail_point.hpp"
#include "actors/link/cluster_link.hpp"
#include "runtime/link/valid_text.hpp"

#include <utility>

namespace troupe {

void cluster_link_state::pass_on(v1::ResultBatch& batch) {
  fail_point("worker.result");
  auto& results = *batch.mutable_results();
  int wanted = 0;
  for (int i = 0; i < results.size(); ++i) {
    if (!core_->take_result(results[i]))
      continue;
    make_valid_text(results[i]);
    results.SwapElements(wanted++, i);
  }
  probe_->results_dropped(static_cast<size_t>(results.size() - wanted));
  results.DeleteSubrange(wanted, results.size() - wanted);
  if (wanted > 0)
    send_results(batch);
}

void cluster_link_state::send_results(const v1::ResultBatch& batch) {
  if (!link_ || send(0, batch) != send_status::too_large)
    return;
  if (batch.results_size() > 1) {
    v1::ResultBatch halves[2];
    for (int i = 0; i < batch.results_size(); ++i)
      *halves[i < batch.results_size() / 2 ? 0 : 1].add_results() = batch.results(i);
    for (auto& half : halves)
      send_results(half);
    return;
  }
  auto refused = batch;
  auto& x = *refused.mutable_results(0);
  x.clear_output();
  x.set_status(v1::TASK_STATUS_FAILED);
  *x.mutable_error() =
      error{v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the result is larger than a message between nodes may be", false}
          .to_proto();
  send(0, refused);
}

void cluster_link_state::pass_on(const v1::ProgressBatch& batch) {
  if (!link_)
    return;
  v1::ProgressBatch wanted;
  for (auto& x : batch.progress())
    if (core_->concerns(task_key::of(x)))
      make_valid_text(*wanted.add_progress() = x);
  if (wanted.progress_size() > 0)
    troupe::send(*link_, 0, wanted, {.more = true}); // what is lost is followed by more
}

void cluster_link_state::pass_on(const v1::OpBatch& batch) {
  if (!link_)
    return;
  v1::OpAnswerBatch refused;
  for (auto& x : batch.operations()) {
    if (!core_->concerns(task_key::of(x)))
      continue;
    v1::OpBatch one;
    make_valid_text(*one.add_operations() = x);
    if (send(0, one) != send_status::too_large) {
      if (!link_)
        return;
      continue;
    }
    auto& answer = *refused.add_answers();
    answer.set_run_id(x.run_id());
    answer.set_task(x.task());
    answer.set_attempt(x.attempt());
    answer.set_number(x.number());
    *answer.mutable_error() =
        error{v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the operation is larger than a message between nodes may be", false}
            .to_proto();
  }
  if (refused.answers_size() > 0)
    self_->send(host_, std::move(refused));
}

} // namespace troupe

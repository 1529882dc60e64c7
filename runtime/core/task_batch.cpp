#include "runtime/core/task_batch.hpp"

#include <utility>

namespace troupe {

namespace {

template <class T>
std::vector<std::unique_ptr<T>> take_all(google::protobuf::RepeatedPtrField<T>& from) {
  std::vector<T*> taken(static_cast<size_t>(from.size()));
  if (!taken.empty())
    from.ExtractSubrange(0, from.size(), taken.data());
  std::vector<std::unique_ptr<T>> out;
  out.reserve(taken.size());
  for (auto* x : taken)
    out.emplace_back(x);
  return out;
}

} // namespace

task_batch::task_batch(v1::TaskBatch batch) {
  for (auto& x : take_all(*batch.mutable_agents()))
    agents.push_back(std::move(x));
  tasks.reserve(static_cast<size_t>(batch.tasks_size()));
  for (auto& x : take_all(*batch.mutable_tasks()))
    tasks.push_back(std::move(x));
}

// Protobuf has no message that refers to constant parts; nobody writes through these.
wire_batch::wire_batch(const task_batch& batch) {
  for (const auto& x : batch.agents)
    message_.mutable_agents()->UnsafeArenaAddAllocated(const_cast<v1::AgentSpec*>(x.get()));
  message_.mutable_tasks()->Reserve(static_cast<int>(batch.tasks.size()));
  for (const auto& x : batch.tasks)
    message_.mutable_tasks()->UnsafeArenaAddAllocated(const_cast<v1::Task*>(x.get()));
}

wire_batch::~wire_batch() {
  while (message_.agents_size() > 0)
    (void)message_.mutable_agents()->UnsafeArenaReleaseLast();
  while (message_.tasks_size() > 0)
    (void)message_.mutable_tasks()->UnsafeArenaReleaseLast();
}

std::vector<result_ptr> take_results(v1::ResultBatch& batch) {
  return take_all(*batch.mutable_results());
}

void add_result(v1::ResultBatch& batch, result_ptr result) {
  batch.mutable_results()->AddAllocated(result.release());
}

} // namespace troupe

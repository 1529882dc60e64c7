#include "bench/bare_store.hpp"

#include "bench/stopwatch.hpp"
#include "bench/worker_process.hpp"
#include "runtime/journal/sqlite_store.hpp"

#include <cstdlib>
#include <stdexcept>

namespace troupe::bench {

bare_store::bare_store() {
  auto pattern = data_folder_pattern();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no folder for a store");
  folder_ = pattern;
  sqlite_store_config config;
  config.data_dir = folder_;
  auto opened = sqlite_store::open(std::move(config));
  if (!opened)
    throw std::runtime_error(opened.error().message);
  store_ = std::move(*opened);
  v1::CreateRun create;
  create.mutable_summary()->set_run_id("floor");
  create.mutable_summary()->set_definition_hash("floor");
  create.mutable_summary()->set_epoch(1);
  create.set_definition("{}");
  if (!store_->create(create))
    throw std::runtime_error("the store refuses a run");
}

bare_store::~bare_store() {
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

double bare_store::commit(size_t count, const std::string& output, double pause) {
  stopwatch watch;
  for (size_t i = 0; i < count; ++i) {
    v1::AppendEvents append;
    append.set_run_id("floor");
    append.set_epoch(1);
    append.set_first_seq(++seq_);
    auto* event = append.add_events();
    event->set_at_ms(1);
    auto* result = event->mutable_task_finished()->mutable_result();
    result->set_run_id("01h2xcejqtf2nbrexx3vqjhp41");
    result->set_status(v1::TASK_STATUS_SUCCESS);
    result->mutable_output()->set_data(output);
    const v1::AppendEvents* batch[] = {&append};
    for (stopwatch busy; busy.seconds() < pause;) {
    }
    auto done = store_->append(batch);
    if (!done || !done->front())
      throw std::runtime_error("the store refuses an event");
  }
  return watch.seconds();
}

} // namespace troupe::bench

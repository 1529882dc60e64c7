// Runs of ten steps, one after the other and many at once, with and without a disk.

#include "bench/cases.hpp"
#include "bench/local_node.hpp"
#include "bench/stopwatch.hpp"
#include "bench/workflows.hpp"
#include "runtime/journal/sqlite_store.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace troupe::bench {

namespace {

/// The store with nothing above it.
class bare_store {
public:
  bare_store() {
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

  ~bare_store() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  /// Seconds of `count` commits of one event each.
  double commit(size_t count) {
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
      result->mutable_output()->set_data("null");
      const v1::AppendEvents* batch[] = {&append};
      auto done = store_->append(batch);
      if (!done || !done->front())
        throw std::runtime_error("the store refuses an event");
    }
    return watch.seconds();
  }

private:
  std::filesystem::path folder_;
  std::unique_ptr<sqlite_store> store_;
  uint64_t seq_ = 0;
};

} // namespace

void pipeline_case(report& out) {
  const auto definition = pipeline_workflow().dump();
  {
    local_node here{{.durable = true}};
    bare_store floor;
    constexpr size_t count = 200;
    run_many(here, definition, "{}", count, 1);
    figure x;
    x.name = "10-step pipeline, each step committed (FULL), one at a time";
    x.unit = "workflows/s";
    x.floor_name = "ten commits of the store";
    x.goal = at_least_ratio(0.85);
    out.measure(
        std::move(x), [&] { return count / run_many(here, definition, "{}", count, 1); },
        [&] { return count / floor.commit(10 * count); });
    constexpr size_t many = 3'000;
    figure y;
    y.name = "the same, 64 at once";
    y.unit = "workflows/s";
    y.goal = at_least(5'000);
    out.measure(std::move(y), [&] { return many / run_many(here, definition, "{}", many, 64); });
  }
}

void memory_case(report& out) {
  const auto definition = pipeline_workflow().dump();
  local_node here{{}};
  constexpr size_t many = 5'000;
  run_many(here, definition, "{}", 500, 64);
  figure x;
  x.name = "10-step pipeline, not durable, 64 at once";
  x.unit = "workflows/s";
  x.goal = at_least(20'000);
  out.measure(std::move(x), [&] { return many / run_many(here, definition, "{}", many, 64); });
}

} // namespace troupe::bench

#include "runtime/journal/memory_store.hpp"
#include "runtime/run/replay.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

namespace {

/// The same record through a store: what it takes it gives back.
void store_and_load(const v1::RunDetails& details) {
  memory_store store;
  v1::CreateRun create;
  *create.mutable_summary() = details.summary();
  create.set_definition(details.definition());
  if (!store.create(create))
    return;
  v1::AppendEvents append;
  append.set_run_id(details.summary().run_id());
  append.set_epoch(details.summary().epoch());
  append.set_first_seq(1);
  *append.mutable_events() = details.events();
  const v1::AppendEvents* const batch[] = {&append};
  const auto appended = store.append(batch);
  require(appended.has_value() && appended->size() == 1, "each entry of a batch has an answer");
  const auto loaded = store.load(append.run_id());
  require(loaded.has_value(), "a run that was created can be loaded");
  if (appended->front())
    require(loaded->events_size() == details.events_size(), "every event that was appended is there");
}

} // namespace

/// A stored run, as Protobuf.
void journal_record(std::string_view data) {
  v1::RunDetails details;
  if (!details.ParseFromArray(data.data(), static_cast<int>(data.size())))
    return;
  store_and_load(details);
  const auto run = replay_run(details);
  if (!run) {
    require(!run.error().message.empty(), "an error has a sentence");
    return;
  }
  const auto again = replay_run(details);
  require(again && again->machine.digest() == run->machine.digest(), "a run replays the same every time");
  run->machine.snapshot();
  finished_update(details.summary(), run->machine);
}

} // namespace troupe::fuzz

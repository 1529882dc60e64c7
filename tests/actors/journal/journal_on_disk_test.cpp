#include "actors/journal/journal.hpp"

#include "runtime/journal/sqlite_store.hpp"
#include "tests/support/journal_requests.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/temp_dir.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <gtest/gtest.h>

#include <prometheus/registry.h>

namespace troupe {
namespace {

constexpr uint64_t events_per_run = 20;

struct system_config : caf::actor_system_config {
  system_config() {
    add_message_types<caf::id_block::troupe>();
  }
};

/// Creates a run and appends to it, one event at a time; ends normally when all are acknowledged.
caf::behavior writer(caf::event_based_actor* self, journal_actor journal, std::string run_id) {
  // Held by the actor's own handlers alone, so it ends with them.
  struct loop {
    caf::event_based_actor* self;
    journal_actor journal;
    std::string run_id;

    void append(uint64_t seq) const {
      if (seq > events_per_run) {
        self->quit();
        return;
      }
      self->request(journal, test::patience, test::append_request(run_id, 1, seq))
          .then([*this](const v1::EventsAppended& done) { append(done.last_seq() + 1); },
                [*this](caf::error& why) { self->quit(std::move(why)); });
    }
  };
  loop begin{self, journal, run_id};
  self->request(journal, test::patience, test::create_request(run_id))
      .then([begin](const v1::RunSummary&) { begin.append(2); },
            [self](caf::error& why) { self->quit(std::move(why)); });
  return {[](caf::unit_t) {}};
}

TEST(journal_on_disk, serves_many_writers_from_a_thread_of_its_own) {
  constexpr int runs = 16;
  test::temp_dir dir;
  auto open = [&]() -> result<std::unique_ptr<store>> {
    return sqlite_store::open({.data_dir = dir.path()}).map([](auto x) -> std::unique_ptr<store> { return x; });
  };
  {
    system_config config;
    caf::actor_system system{config};
    prometheus::Registry metrics;
    journal_actor sut = system.spawn<caf::detached>(journal, journal_config{.open = open}, journal_probe{metrics});
    caf::scoped_actor self{system};
    for (int i = 0; i < runs; ++i)
      self->monitor(system.spawn(writer, sut, "r" + std::to_string(i)));
    int ended = 0;
    self->receive_while([&] { return ended < runs; })(
        [&](const caf::down_msg& down) {
          EXPECT_FALSE(down.reason) << caf::to_string(down.reason);
          ++ended;
        },
        caf::after(2 * test::patience) >>
            [&] {
              ADD_FAILURE() << ended << " writers of " << runs << " have ended";
              ended = runs;
            });
    self->send_exit(sut, caf::exit_reason::user_shutdown);
  }
  auto stored = open().value();
  for (int i = 0; i < runs; ++i)
    EXPECT_EQ(stored->load("r" + std::to_string(i))->events_size(), static_cast<int>(events_per_run));
}

} // namespace
} // namespace troupe

#include "actors/agents/http_session_agent.hpp"

#include "tests/support/actor_fixture.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace troupe {
namespace {

using ::testing::HasSubstr;

/// Keeps what it is given; the test plays the server.
struct fake_transport : http_transport {
  struct sent {
    http_request request;
    http_callbacks callbacks;
  };
  std::vector<sent> open;
  std::vector<uint64_t> cancelled;

  uint64_t submit(http_request request, http_callbacks callbacks) override {
    open.push_back({std::move(request), std::move(callbacks)});
    return open.size();
  }

  void cancel(uint64_t id) override {
    cancelled.push_back(id);
  }
};

/// Asks for the input's text; answers the response's body; asks again as long as that is "again".
struct fake_session : http_session {
  std::string url;
  size_t seen = 0;

  explicit fake_session(std::string to) : url{std::move(to)} {}

  http_action step(const http_event& event) override {
    if (std::holds_alternative<http_begin>(event))
      return ask();
    if (auto* part = std::get_if<http_body_part>(&event)) {
      seen += part->bytes.size();
      return http_wait{};
    }
    if (auto* failure = std::get_if<error>(&event))
      return failed_result(failure->to_proto());
    if (auto* response = std::get_if<http_response>(&event)) {
      if (response->body == "again")
        return ask();
      v1::TaskResult out;
      out.set_status(v1::TASK_STATUS_SUCCESS);
      out.mutable_output()->set_data(response->body);
      return out;
    }
    return http_wait{};
  }

  http_action ask() const {
    http_request out;
    out.url = url;
    return out;
  }

  std::string progress() const override {
    return seen == 0 ? "" : std::to_string(seen) + " bytes";
  }
};

v1::Task make_task(uint32_t number, uint32_t attempt = 1) {
  v1::Task out;
  out.set_run_id("run");
  out.set_task(number);
  out.set_attempt(attempt);
  out.set_epoch(3);
  out.mutable_input()->set_data("task-" + std::to_string(number));
  return out;
}

struct http_session_agent_test : test::actor_fixture {
  std::shared_ptr<fake_transport> transport = std::make_shared<fake_transport>();
  http_session_agent_actor agent = spawn({});

  ~http_session_agent_test() override {
    stop(agent);
  }

  http_session_agent_actor spawn(progress_sink_actor progress) {
    http_session_agent_config cfg;
    cfg.transport = transport;
    cfg.time = time;
    cfg.progress = progress;
    cfg.make_session = [](const v1::Task& task) { return std::make_unique<fake_session>(task.input().data()); };
    return sys.spawn(http_session_agent, cfg);
  }

  void respond(size_t i, std::string body) {
    http_response response;
    response.status = 200;
    response.body = std::move(body);
    transport->open.at(i).callbacks.on_done(std::move(response));
    run();
  }

  auto request(const v1::Task& task) {
    auto out = self->request(agent, caf::infinite, task);
    run();
    return out;
  }
};

TEST_F(http_session_agent_test, answers_a_task_under_its_own_ids) {
  auto pending = request(make_task(7, 2));
  respond(0, "done");
  auto out = reply<v1::TaskResult>(pending);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->run_id(), "run");
  EXPECT_EQ(out->task(), 7u);
  EXPECT_EQ(out->attempt(), 2u);
  EXPECT_EQ(out->epoch(), 3u);
  EXPECT_EQ(out->status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(out->output().data(), "done");
}

TEST_F(http_session_agent_test, answers_a_task_that_was_sent_and_not_requested_to_its_sender) {
  self->send(agent, make_task(1));
  run();
  respond(0, "done");
  std::string seen;
  self->receive([&](const v1::TaskResult& x) { seen = x.output().data(); },
                caf::after(caf::timespan{0}) >> [&] { seen = "nothing"; });
  EXPECT_EQ(seen, "done");
}

TEST_F(http_session_agent_test, works_on_many_tasks_at_once) {
  auto first = request(make_task(1));
  auto second = request(make_task(2));
  ASSERT_EQ(transport->open.size(), 2u);
  EXPECT_EQ(transport->open[1].request.url, "task-2");
  respond(1, "two");
  EXPECT_EQ(reply<v1::TaskResult>(second)->output().data(), "two");
  respond(0, "one");
  EXPECT_EQ(reply<v1::TaskResult>(first)->output().data(), "one");
}

TEST_F(http_session_agent_test, gives_each_request_the_time_that_is_left) {
  auto task = make_task(1);
  task.set_timeout_ms(1'000);
  auto pending = request(task);
  EXPECT_EQ(transport->open.at(0).request.timeout, milliseconds{1'000});
  advance(milliseconds{400});
  respond(0, "again");
  EXPECT_EQ(transport->open.at(1).request.timeout, milliseconds{600});
  advance(milliseconds{600});
  respond(1, "again");
  auto out = reply<v1::TaskResult>(pending);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->status(), v1::TASK_STATUS_TIMED_OUT);
  EXPECT_EQ(transport->open.size(), 2u);
}

TEST_F(http_session_agent_test, bounds_a_task_that_has_no_bound) {
  request(make_task(1));
  EXPECT_EQ(transport->open.at(0).request.timeout, http_session_agent_config{}.longest_task);
}

TEST_F(http_session_agent_test, aborts_the_transfer_of_a_cancelled_task_and_answers_at_once) {
  auto pending = request(make_task(1));
  v1::CancelTask cancel;
  cancel.set_run_id("run");
  cancel.set_task(1);
  cancel.set_attempt(1);
  cancel.set_reason("a sibling failed");
  self->send(agent, cancel);
  auto out = reply<v1::TaskResult>(pending);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->status(), v1::TASK_STATUS_CANCELLED);
  EXPECT_THAT(out->error().message(), HasSubstr("a sibling failed"));
  EXPECT_EQ(transport->cancelled, std::vector<uint64_t>{1});
  // What the transport says afterwards is of no interest.
  transport->open[0].callbacks.on_done(fail(v1::ERROR_CODE_CANCELLED, "cancelled"));
  run();
  // The same attempt may come again.
  request(make_task(1));
  EXPECT_EQ(transport->open.size(), 2u);
}

TEST_F(http_session_agent_test, ignores_the_cancellation_of_tasks_that_it_does_not_have) {
  auto pending = request(make_task(1, 2));
  v1::CancelTask cancel;
  cancel.set_run_id("run");
  cancel.set_task(1);
  cancel.set_attempt(1);
  self->send(agent, cancel);
  run();
  respond(0, "done");
  EXPECT_EQ(reply<v1::TaskResult>(pending)->status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_TRUE(transport->cancelled.empty());
}

TEST_F(http_session_agent_test, rejects_an_attempt_that_it_works_on_already) {
  auto first = request(make_task(1));
  auto second = request(make_task(1));
  auto out = reply<v1::TaskResult>(second);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->status(), v1::TASK_STATUS_REJECTED);
  EXPECT_EQ(out->error().code(), v1::ERROR_CODE_ALREADY_EXISTS);
  respond(0, "done");
  EXPECT_EQ(reply<v1::TaskResult>(first)->status(), v1::TASK_STATUS_SUCCESS);
}

TEST_F(http_session_agent_test, aborts_everything_when_it_ends) {
  self->send(agent, make_task(1));
  self->send(agent, make_task(2));
  run();
  stop(agent);
  EXPECT_THAT(transport->cancelled, ::testing::UnorderedElementsAre(1, 2));
  // Nobody is there any more.
  respond(0, "late");
}

TEST_F(http_session_agent_test, tells_progress_now_and_then) {
  std::vector<v1::TaskProgress> heard;
  progress_sink_actor sink = sys.spawn([&heard]() -> progress_sink_actor::behavior_type {
    return {[&heard](const v1::TaskProgress& x) { heard.push_back(x); }};
  });
  auto talkative = spawn(sink);
  self->send(talkative, make_task(1));
  run();
  auto part = [&](const char* bytes) {
    transport->open.at(0).callbacks.on_body(bytes);
    run();
  };
  part("123");
  EXPECT_TRUE(heard.empty());
  advance(milliseconds{1'000});
  part("45");
  part("6");
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].run_id(), "run");
  EXPECT_EQ(heard[0].task(), 1u);
  EXPECT_EQ(heard[0].attempt(), 1u);
  EXPECT_EQ(heard[0].note(), "5 bytes");
  EXPECT_LT(heard[0].fraction(), 0);
  advance(milliseconds{1'000});
  part("7");
  EXPECT_EQ(heard.size(), 2u);
  stop(talkative, sink);
}

} // namespace
} // namespace troupe

#include "actors/agents/http_agent.hpp"

#include "tests/support/http_test_server.hpp"
#include "tests/support/real_actors.hpp"

#include <gmock/gmock.h>

#include <future>

namespace troupe {
namespace {

using test::patience;
using ::testing::HasSubstr;

struct http_agent_test : test::real_actors {
  http_services services = http_services::of_this_process();
  std::shared_ptr<const agent_factory> factory = make_http_agents(services);
  std::vector<agent_actor> agents;

  ~http_agent_test() override {
    for (auto& agent : agents)
      self->send_exit(agent, caf::exit_reason::user_shutdown);
  }

  result<agent_actor> spawn(const json& cfg) {
    v1::AgentSpec spec;
    spec.set_name("worker");
    spec.set_kind("http");
    spec.set_config_json(cfg.dump());
    agent_context context;
    context.system = &sys;
    context.node = "n1";
    auto out = factory->spawn(spec, context);
    if (out)
      agents.push_back(*out);
    return out;
  }

  static v1::Task make_task(uint32_t number, uint32_t timeout_ms = 0) {
    v1::Task out;
    out.set_run_id("run");
    out.set_task(number);
    out.set_attempt(1);
    out.set_idempotency_key("run/" + std::to_string(number));
    out.mutable_input()->set_data(json{{"n", number}}.dump());
    out.set_timeout_ms(timeout_ms);
    return out;
  }

  v1::TaskResult ask(const agent_actor& agent, const v1::Task& task) {
    v1::TaskResult out;
    self->request(agent, patience, task)
        .receive([&](v1::TaskResult& x) { out = std::move(x); },
                 [&](caf::error& e) { out.mutable_error()->set_message(to_string(e)); });
    return out;
  }
};

TEST_F(http_agent_test, brings_a_task_to_a_server_and_the_answer_back) {
  test::http_test_server server{[](auto& request, auto& x) {
    x.respond(
        200, {"Content-Type: application/json"},
        json{{"echo", json::parse(request.body)}, {"key", *find_header(request.headers, "Idempotency-Key")}}.dump());
  }};
  auto agent = spawn({{"url", server.url("/work")}});
  ASSERT_TRUE(agent) << agent.error().message;
  auto out = ask(*agent, make_task(5));
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(json::parse(out.output().data()), (json{{"echo", {{"n", 5}}}, {"key", "run/5"}}));
}

TEST_F(http_agent_test, hands_the_server_s_retry_after_on) {
  test::http_test_server server{[](auto&, auto& x) { x.respond(429, {"Retry-After: 3"}, "{\"message\":\"busy\"}"); }};
  auto agent = spawn({{"url", server.url()}});
  auto out = ask(*agent, make_task(1));
  EXPECT_EQ(out.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(out.error().retryable());
  EXPECT_EQ(out.error().retry_after_ms(), 3'000u);
  EXPECT_THAT(out.error().message(), HasSubstr("busy"));
}

TEST_F(http_agent_test, keeps_the_deadline_of_a_task) {
  test::http_test_server server{[](auto&, auto& x) { x.hold(); }};
  auto agent = spawn({{"url", server.url()}});
  auto out = ask(*agent, make_task(1, 60));
  EXPECT_EQ(out.status(), v1::TASK_STATUS_TIMED_OUT);
}

TEST_F(http_agent_test, closes_the_connection_of_a_cancelled_task) {
  std::promise<void> begun;
  std::promise<bool> gone;
  test::http_test_server server{[&](auto&, auto& x) {
    begun.set_value();
    gone.set_value(x.hold());
  }};
  auto agent = spawn({{"url", server.url()}});
  auto pending = self->request(*agent, patience, make_task(1));
  ASSERT_EQ(begun.get_future().wait_for(patience), std::future_status::ready);
  v1::CancelTask cancel;
  cancel.set_run_id("run");
  cancel.set_task(1);
  cancel.set_attempt(1);
  self->send(*agent, cancel);
  v1::TaskStatus status{};
  pending.receive([&](v1::TaskResult& x) { status = x.status(); }, [](caf::error&) {});
  EXPECT_EQ(status, v1::TASK_STATUS_CANCELLED);
  auto seen = gone.get_future();
  ASSERT_EQ(seen.wait_for(patience), std::future_status::ready);
  EXPECT_TRUE(seen.get());
}

TEST_F(http_agent_test, works_on_many_tasks_at_once) {
  constexpr uint32_t tasks = 20;
  std::promise<void> all_here;
  auto gate = all_here.get_future().share();
  std::atomic<uint32_t> here{0};
  // Nobody is answered before everybody has asked.
  test::http_test_server server{[&](auto& request, auto& x) {
    if (++here == tasks)
      all_here.set_value();
    gate.wait_for(patience);
    x.respond(200, {"Content-Type: application/json"}, request.body);
  }};
  auto agent = spawn({{"url", server.url()}});
  for (uint32_t i = 0; i < tasks; ++i)
    self->send(*agent, make_task(i));
  std::set<uint32_t> answered;
  for (uint32_t i = 0; i < tasks; ++i)
    self->receive(
        [&](const v1::TaskResult& x) {
          if (x.status() == v1::TASK_STATUS_SUCCESS)
            answered.insert(x.task());
        },
        caf::after(patience) >> [] {});
  EXPECT_EQ(answered.size(), tasks);
}

TEST_F(http_agent_test, refuses_settings_that_cannot_work) {
  auto no_url = spawn(json::object());
  ASSERT_FALSE(no_url);
  EXPECT_EQ(no_url.error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_THAT(no_url.error().message, HasSubstr("agent \"worker\": url"));
  auto no_key = spawn({{"url", "http://127.0.0.1:1"}, {"api_key_env", "TROUPE_TEST_UNSET_VARIABLE"}});
  ASSERT_FALSE(no_key);
  EXPECT_EQ(no_key.error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_THAT(no_key.error().message, HasSubstr("TROUPE_TEST_UNSET_VARIABLE"));
}

} // namespace
} // namespace troupe

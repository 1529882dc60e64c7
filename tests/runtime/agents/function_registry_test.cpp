#include "runtime/agents/function/function_registry.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

struct fixed_clock final : clock {
  int64_t now = 1'000;

  int64_t wall_ms() const override {
    return now;
  }

  int64_t steady_ms() const override {
    return now;
  }
};

v1::Task make_task(std::string input) {
  v1::Task out;
  out.set_run_id("r1");
  out.set_task(3);
  out.set_attempt(2);
  out.set_epoch(9);
  out.set_agent("greeter");
  out.set_idempotency_key("r1/3");
  out.mutable_input()->set_data(std::move(input));
  return out;
}

struct function_registry_test : ::testing::Test {
  function_registry registry;
  task_environment env;

  v1::TaskResult run(std::string_view name, const v1::Task& task, const json& config = json::object()) {
    auto* entry = registry.find(name);
    if (!entry)
      throw std::logic_error("no such function");
    auto fn = entry->make(config);
    return run_function(**fn, task, env);
  }
};

TEST_F(function_registry_test, runs_a_lambda_on_json) {
  registry.add("greet", [](const task_input& in) -> result<task_output> {
    return json{{"text", "hello " + in.at("name").get<std::string>()}};
  });
  auto out = run("greet", make_task(R"({"name": "Ada"})"));
  EXPECT_EQ(out.status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(out.output().data(), R"({"text":"hello Ada"})");
  EXPECT_EQ(out.run_id(), "r1");
  EXPECT_EQ(out.task(), 3u);
  EXPECT_EQ(out.attempt(), 2u);
  EXPECT_EQ(out.epoch(), 9u);
}

TEST_F(function_registry_test, fails_the_task_and_not_the_agent_on_bad_input) {
  registry.add("greet", [](const task_input& in) -> result<task_output> { return json(in.at("name")); });
  for (auto* input : {"{", "[]", "{\"nam\": 1}"}) {
    auto out = run("greet", make_task(input));
    EXPECT_EQ(out.status(), v1::TASK_STATUS_FAILED) << input;
    EXPECT_EQ(out.error().code(), v1::ERROR_CODE_INVALID_INPUT) << input;
  }
}

TEST_F(function_registry_test, lets_exceptions_of_the_function_through) {
  registry.add("bad", [](const task_input&) -> result<task_output> { throw std::runtime_error("boom"); });
  EXPECT_THROW(run("bad", make_task("")), std::runtime_error);
}

TEST_F(function_registry_test, passes_on_errors_confidence_quality_and_usage) {
  registry.add("fails", [](const task_input&) -> result<task_output> {
    return fail(v1::ERROR_CODE_AGENT_FAILED, "no luck", true);
  });
  registry.add("knows", [](const task_input&) -> result<task_output> {
    task_output out{json("x")};
    out.confidence = 0.25;
    out.quality = 0.75;
    out.usage.set_tokens_in(5);
    return out;
  });
  auto failed = run("fails", make_task(""));
  EXPECT_EQ(failed.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(failed.error().message(), "no luck");
  EXPECT_TRUE(failed.error().retryable());
  auto knows = run("knows", make_task(""));
  EXPECT_EQ(knows.confidence(), 0.25);
  EXPECT_EQ(knows.quality(), 0.75);
  EXPECT_EQ(knows.usage().tokens_in(), 5u);
}

TEST_F(function_registry_test, makes_classes_from_the_agents_settings) {
  struct adder final : function_agent {
    explicit adder(const json& config) : step{config.value("step", 1)} {}

    result<task_output> run(const task_input& in) override {
      return json(in.input().get<int>() + step);
    }

    int step;
  };
  registry.add_class<adder>("add", {.blocking = true});
  EXPECT_TRUE(registry.find("add")->options.blocking);
  EXPECT_EQ(run("add", make_task("5"), {{"step", 10}}).output().data(), "15");
}

TEST_F(function_registry_test, answers_typed_functions_in_the_form_of_the_question) {
  registry.add_typed<v1::Usage, v1::CancelTask>("typed", [](const v1::Usage& in, const task_input&) {
    v1::CancelTask out;
    out.set_task(static_cast<uint32_t>(in.tokens_in() + 1));
    return result<v1::CancelTask>{out};
  });
  auto as_json = run("typed", make_task(R"({"tokens_in": 4})"));
  EXPECT_EQ(json::parse(as_json.output().data()).at("task"), 5);
  auto task = make_task("");
  v1::Usage in;
  in.set_tokens_in(6);
  *task.mutable_input() = protobuf_payload(in);
  auto as_protobuf = run("typed", task);
  EXPECT_EQ(as_protobuf.output().content_type(), "application/protobuf; type=troupe.v1.CancelTask");
  v1::CancelTask out;
  ASSERT_TRUE(out.ParseFromString(as_protobuf.output().data()));
  EXPECT_EQ(out.task(), 7u);
}

TEST_F(function_registry_test, tells_the_time_left_and_passes_progress_on) {
  fixed_clock time;
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  std::vector<v1::TaskProgress> seen;
  env.cancelled = cancelled;
  env.time = &time;
  env.started_ms = time.now;
  env.progress = [&](const v1::TaskProgress& x) { seen.push_back(x); };
  auto task = make_task("");
  task.set_timeout_ms(500);
  task_input in{task, env};
  time.now += 200;
  EXPECT_EQ(in.time_left(), milliseconds{300});
  time.now += 1'000;
  EXPECT_EQ(in.time_left(), milliseconds{0});
  EXPECT_FALSE(in.cancelled());
  *cancelled = true;
  EXPECT_TRUE(in.cancelled());
  in.progress(0.5, "half \xff");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].fraction(), 0.5);
  EXPECT_EQ(seen[0].attempt(), 2u);
  EXPECT_EQ(seen[0].note(), "half \xEF\xBF\xBD");
}

} // namespace
} // namespace troupe

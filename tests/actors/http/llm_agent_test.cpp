#include "actors/agents/llm_agent.hpp"

#include "tests/support/http_test_server.hpp"
#include "tests/support/real_actors.hpp"

#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <sstream>
#include <stdlib.h>

namespace troupe {
namespace {

using test::patience;
using ::testing::HasSubstr;
using ::testing::Not;

std::string event(const json& x) {
  return "data: " + x.dump() + "\n\n";
}

std::string delta(const std::string& text) {
  return event({{"choices", {{{"delta", {{"content", text}}}}}}});
}

/// Ends an answer that was streamed.
std::string last_events(int in, int out) {
  return event({{"choices", {{{"delta", json::object()}, {"finish_reason", "stop"}}}}})
         + event({{"choices", json::array()}, {"usage", {{"prompt_tokens", in}, {"completion_tokens", out}}}})
         + "data: [DONE]\n\n";
}

struct llm_agent_test : test::real_actors {
  std::filesystem::path dir = make_dir();
  std::map<std::string, std::string> variables{{"OPENAI_API_KEY", "sk-secret"}};
  std::vector<agent_actor> agents;

  ~llm_agent_test() override {
    for (auto& agent : agents)
      self->send_exit(agent, caf::exit_reason::user_shutdown);
    std::filesystem::remove_all(dir);
  }

  static std::filesystem::path make_dir() {
    auto name = (std::filesystem::temp_directory_path() / "troupe-llm-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error("no temporary folder");
    return name;
  }

  /// A factory of its own each time, as another process would have.
  result<agent_actor> spawn(json config, progress_sink_actor progress = {}) {
    auto services = http_services::of_this_process();
    services.lookup.variable = [this](const std::string& name) -> std::optional<std::string> {
      auto i = variables.find(name);
      return i == variables.end() ? std::nullopt : std::optional{i->second};
    };
    config.emplace("model", "m");
    v1::AgentSpec spec;
    spec.set_name("writer");
    spec.set_kind("llm");
    spec.set_config_json(config.dump());
    agent_context context;
    context.system = &sys;
    context.progress = progress;
    auto out = make_llm_agents(services)->spawn(spec, context);
    if (out)
      agents.push_back(*out);
    return out;
  }

  v1::TaskResult ask(const agent_actor& agent, const json& input) {
    v1::Task task;
    task.set_run_id("run");
    task.set_attempt(1);
    task.mutable_input()->set_data(input.dump());
    v1::TaskResult out;
    self->request(agent, patience, task)
        .receive([&](v1::TaskResult& x) { out = std::move(x); },
                 [&](caf::error& e) { out.mutable_error()->set_message(to_string(e)); });
    return out;
  }

  void use(const test::http_test_server& server) {
    variables["TROUPE_LLM_BASE_URL"] = server.url("/v1");
  }

  static std::string read(const std::filesystem::path& file) {
    std::ifstream in{file};
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
};

/// Translates like a model that streams; a second question about the same word gets a second answer.
void translate(const test::received_request& request, test::http_exchange& x) {
  auto question = json::parse(request.body)["messages"].back()["content"].get<std::string>();
  x.begin_chunked(200, {"Content-Type: text/event-stream"});
  // Cut in the middle of a character and of an event.
  auto text = delta("größ") + delta("er than " + question) + last_events(9, 4);
  auto half = text.find("\xC3") + 1;
  x.chunk(text.substr(0, half));
  x.chunk(text.substr(half));
  x.end_chunked();
}

TEST_F(llm_agent_test, streams_an_answer_from_a_server) {
  test::http_test_server server{translate};
  use(server);
  auto agent = spawn({{"prompt", "{{word}}?"}, {"price", {{"input", 1.0}, {"output", 10.0}}}});
  ASSERT_TRUE(agent) << agent.error().message;
  auto out = ask(*agent, {{"word", "big"}});
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(out.output().data(), "größer than big?");
  EXPECT_EQ(out.usage().tokens_in(), 9u);
  EXPECT_DOUBLE_EQ(out.usage().usd(), 49e-6);
  auto seen = server.requests().at(0);
  EXPECT_EQ(seen.target, "/v1/chat/completions");
  EXPECT_EQ(*find_header(seen.headers, "Authorization"), "Bearer sk-secret");
}

TEST_F(llm_agent_test, corrects_an_answer_over_the_same_connection) {
  std::atomic<int> turn{0};
  test::http_test_server server{[&](auto&, auto& x) {
    auto content = turn++ == 0 ? "no idea" : R"({"score":3})";
    x.respond(200, {"Content-Type: application/json"},
              json{{"choices", {{{"message", {{"content", content}}}, {"finish_reason", "stop"}}}},
                   {"usage", {{"prompt_tokens", 5}, {"completion_tokens", 1}}}}
                  .dump());
  }};
  use(server);
  auto agent = spawn({{"output", {{"type", "object"}, {"required", {"score"}}}}, {"stream", false}});
  auto out = ask(*agent, "score this");
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(out.output().data(), R"({"score":3})");
  EXPECT_EQ(out.usage().tokens_in(), 10u);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(llm_agent_test, breaks_a_stream_off_when_its_task_is_cancelled) {
  std::promise<void> begun;
  std::promise<bool> gone;
  test::http_test_server server{[&](auto&, auto& x) {
    x.begin_chunked(200, {"Content-Type: text/event-stream"});
    x.chunk(delta("once upon a time"));
    begun.set_value();
    gone.set_value(x.hold());
  }};
  use(server);
  auto agent = spawn(json::object());
  v1::Task task;
  task.set_run_id("run");
  task.set_attempt(1);
  task.mutable_input()->set_data("\"tell\"");
  auto pending = self->request(*agent, patience, task);
  ASSERT_EQ(begun.get_future().wait_for(patience), std::future_status::ready);
  v1::CancelTask cancel;
  cancel.set_run_id("run");
  cancel.set_attempt(1);
  self->send(*agent, cancel);
  v1::TaskStatus status{};
  pending.receive([&](v1::TaskResult& x) { status = x.status(); }, [](caf::error&) {});
  EXPECT_EQ(status, v1::TASK_STATUS_CANCELLED);
  auto seen = gone.get_future();
  ASSERT_EQ(seen.wait_for(patience), std::future_status::ready);
  EXPECT_TRUE(seen.get());
}

TEST_F(llm_agent_test, plays_back_what_it_recorded_without_a_server) {
  auto file = (dir / "tape.jsonl").string();
  json config{{"prompt", "{{word}}?"}, {"cassette", {{"mode", "record"}, {"file", file}}}};
  std::string recorded;
  {
    test::http_test_server server{translate};
    use(server);
    auto agent = spawn(config);
    ASSERT_TRUE(agent) << agent.error().message;
    recorded = ask(*agent, {{"word", "big"}}).output().data();
    ASSERT_EQ(recorded, "größer than big?");
  }
  EXPECT_THAT(read(file), Not(HasSubstr("sk-secret")));
  variables.clear();
  config["cassette"]["mode"] = "replay";
  auto agent = spawn(config);
  ASSERT_TRUE(agent) << agent.error().message;
  for (int i = 0; i < 2; ++i) {
    auto out = ask(*agent, {{"word", "big"}});
    EXPECT_EQ(out.output().data(), recorded) << out.error().message();
    EXPECT_EQ(out.usage().tokens_in(), 9u);
  }
  auto unknown = ask(*agent, {{"word", "small"}});
  EXPECT_EQ(unknown.error().code(), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_FALSE(unknown.error().retryable());
  EXPECT_THAT(unknown.error().message(), ::testing::AllOf(HasSubstr(file), ::testing::ContainsRegex("[0-9a-f]{64}")));
  // Streams and whole answers are the same recording.
  config["stream"] = false;
  EXPECT_EQ(ask(*spawn(config), {{"word", "big"}}).output().data(), recorded);
}

TEST_F(llm_agent_test, records_in_mode_auto_what_is_missing) {
  auto file = (dir / "tape.jsonl").string();
  json config{{"cassette", {{"file", file}}}};
  test::http_test_server server{translate};
  use(server);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(ask(*spawn(config), "big").output().data(), "größer than big");
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(ask(*spawn(config), "small").output().data(), "größer than small");
  EXPECT_EQ(server.requests().size(), 2u);
  variables.clear();
  EXPECT_EQ(ask(*spawn(config), "small").output().data(), "größer than small");
}

TEST_F(llm_agent_test, records_no_failures) {
  auto file = (dir / "tape.jsonl").string();
  test::http_test_server server{[](auto&, auto& x) { x.respond(500, {}, "broken"); }};
  use(server);
  auto agent = spawn({{"cassette", {{"mode", "record"}, {"file", file}}}});
  EXPECT_EQ(ask(*agent, "hello").status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(read(file), "");
}

TEST_F(llm_agent_test, still_knows_a_cassette_of_the_first_release) {
  variables.clear();
  auto agent = spawn({{"model", "openai/gpt-4o-mini"},
                      {"system", "You review software licences."},
                      {"prompt", "Does the {{licence}} licence grant patents? Text: {{text}}"},
                      {"temperature", 0.0},
                      {"output",
                       {{"type", "object"},
                        {"required", {"answer", "confidence"}},
                        {"properties", {{"answer", {{"type", "boolean"}}}, {"confidence", {{"type", "number"}}}}}}},
                      {"cassette", {{"mode", "replay"}, {"file", TROUPE_TEST_DATA "/licence.jsonl"}}}});
  ASSERT_TRUE(agent) << agent.error().message;
  auto out = ask(*agent, {{"licence", "Apache-2.0"}, {"text", "3. Grant of Patent License. …"}});
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(json::parse(out.output().data()), (json{{"answer", true}, {"confidence", 0.9}}));
  EXPECT_DOUBLE_EQ(out.confidence(), 0.9);
  EXPECT_EQ(out.usage().tokens_in(), 120u);
}

TEST_F(llm_agent_test, refuses_settings_that_cannot_work) {
  auto no_server = spawn(json::object());
  ASSERT_FALSE(no_server);
  EXPECT_EQ(no_server.error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_THAT(no_server.error().message, HasSubstr("agent \"writer\": no server for model \"m\""));
  auto no_tape = spawn({{"cassette", {{"mode", "replay"}, {"file", (dir / "none").string()}}}});
  ASSERT_FALSE(no_tape);
  EXPECT_THAT(no_tape.error().message, HasSubstr("record"));
  auto nothing = spawn({{"cassette", {{"file", (dir / "none").string()}}}});
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message, HasSubstr("TROUPE_LLM_BASE_URL"));
  std::ofstream{dir / "broken"} << "{}\n";
  auto broken = spawn({{"cassette", {{"mode", "replay"}, {"file", (dir / "broken").string()}}}});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_THAT(broken.error().message, HasSubstr("broken:1: "));
  variables["TROUPE_LLM_BASE_URL"] = "http://127.0.0.1:1/v1";
  auto unwritable = spawn({{"cassette", {{"mode", "record"}, {"file", (dir / "no" / "such").string()}}}});
  ASSERT_FALSE(unwritable);
  EXPECT_THAT(unwritable.error().message, HasSubstr("cannot be written"));
  EXPECT_THAT(spawn({{"model", 7}}).error().message, HasSubstr("model: "));
}

} // namespace
} // namespace troupe

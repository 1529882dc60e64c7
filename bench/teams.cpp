// Teams: turns on a shared document, in memory and each committed, and questions to a member on another node.

#include "bench/teams.hpp"

#include "actors/agents/agent_catalog.hpp"
#include "bench/bare_store.hpp"
#include "bench/cases.hpp"
#include "bench/floor_caf.hpp"
#include "bench/local_node.hpp"
#include "bench/stopwatch.hpp"
#include "bench/workflows.hpp"
#include "messages/errors.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <stdexcept>
#include <utility>

namespace troupe::bench {

namespace {

constexpr size_t turns = 1'000;
constexpr size_t questions = 500;
constexpr size_t steps = 500;

json function(const std::string& name, const std::string& side = {}) {
  json out{{"kind", "function"}, {"function", name}};
  if (!side.empty())
    out["placement"] = {{"side", side}};
  return out;
}

/// Four roles in turn; `input` is what each is given, null: all that it is told. `pure`: a turn need not wait until the
/// one before it is durable.
std::string round_robin(const json& input, bool pure = false) {
  auto members = json::array();
  for (const auto* role : {"author", "checker", "editor", "polisher"}) {
    json member{{"role", role}, {"agent", "reviser"}, {"writes", "report"}};
    if (!input.is_null())
      member["input"] = input;
    members.push_back(std::move(member));
  }
  json team{{"goal", "a report that everybody has worked on"},
            {"turns", "round_robin"},
            {"max_iterations", turns / 4},
            {"agents", std::move(members)},
            {"workspace", {{"artifacts", {{"report", "$.input"}}}}},
            {"output", "$.workspace.artifacts.report.revision"}};
  json reviser = function("reviser");
  // One instance works for one member after the other.
  reviser["replicas"] = 4;
  reviser["pure"] = pure;
  return json{{"workflow", "turns"},
              {"agents", {{"reviser", std::move(reviser)}}},
              {"steps", json::array({{{"id", "write"}, {"team", std::move(team)}}})},
              {"output", "$.steps.write"}}
      .dump();
}

std::string asking(const std::string& asker, const std::string& asks, const std::string& answers) {
  json team{{"goal", "many answers"},
            {"turns", "round_robin"},
            {"max_iterations", 1},
            {"limits", {{"operations_per_turn", questions + 1}}},
            {"agents", json::array({{{"role", "asker"}, {"agent", "asker"}},
                                    {{"role", "answerer"}, {"agent", "answerer"}, {"writes", false}}})},
            {"output", "$.workspace.artifacts.asker"}};
  return json{{"workflow", "questions"},
              {"agents", {{"asker", function(asker, asks)}, {"answerer", function("answerer", answers)}}},
              {"steps", json::array({{{"id", "talk"}, {"team", std::move(team)}}})},
              {"output", "$.steps.talk"}}
      .dump();
}

struct asking_state {
  v1::Task task;
  caf::typed_response_promise<v1::TaskResult> promise;
  json times = json::array();
  stopwatch watch;
};

using asking_pointer = agent_actor::stateful_pointer<asking_state>;

void ask_next(asking_pointer self, const operation_sink_actor& operations) {
  auto& st = self->state;
  auto asked = st.times.size();
  if (asked == questions) {
    auto out = result_for(st.task);
    out.set_status(v1::TASK_STATUS_SUCCESS);
    out.mutable_output()->set_data(st.times.dump());
    st.promise.deliver(std::move(out));
    return;
  }
  auto op = operation_for(st.task, static_cast<uint32_t>(asked) + 1);
  op.mutable_ask()->set_to("answerer");
  op.mutable_ask()->set_content(std::to_string(asked));
  st.watch = {};
  self->request(operations, std::chrono::seconds{10}, std::move(op))
      .then(
          [=](const v1::OpAnswer& answer) {
            if (answer.has_error()) {
              const auto& why = answer.error();
              self->state.promise.deliver(failed_result(self->state.task, {why.code(), why.message(), false}));
              return;
            }
            self->state.times.push_back(self->state.watch.seconds());
            ask_next(self, operations);
          },
          [=](const caf::error& why) { self->state.promise.deliver(failed_result(self->state.task, from_caf(why))); });
}

/// Asks one question after the other, and yields the seconds that each took.
agent_actor::behavior_type asking_actor(asking_pointer self, operation_sink_actor operations) {
  return {
      [=](const v1::Task& task) {
        auto& st = self->state;
        st.task = task;
        st.times = json::array();
        st.promise = self->make_response_promise<caf::typed_response_promise<v1::TaskResult>>();
        ask_next(self, operations);
        return st.promise;
      },
      [](const v1::CancelTask&) {},
  };
}

double turn_rate(local_node& at, const std::string& definition) {
  static const auto input = shared_document().dump();
  return turns / run_once(at, definition, input);
}

/// Steps one after the other on one node.
std::string chain_of_steps(const std::string& side) {
  auto chain = json::array();
  for (size_t i = 0; i < steps; ++i)
    chain.push_back({{"id", "s" + std::to_string(i)}, {"agent", "noop"}, {"input", 7}});
  return json{{"workflow", "chain"},
              {"agents", {{"noop", function("noop", side)}}},
              {"steps", std::move(chain)},
              {"order", "sequential"},
              {"output", "$.steps.s0"}}
      .dump();
}

/// Median seconds from a question to its answer.
double answer_time(local_node& at, const std::string& definition) {
  return median(run_and_read(at, definition, "{}").get<std::vector<double>>());
}

} // namespace

json shared_document() {
  auto sections = json::array();
  for (int i = 0; i < 6; ++i)
    sections.push_back({{"heading", "Section " + std::to_string(i + 1)},
                        {"author", "author"},
                        {"sources", {"apache-2.0.txt", "gpl-3.txt"}},
                        {"text", std::string(130, static_cast<char>('a' + i))}});
  return {{"title", "What the licences say"}, {"revision", 0}, {"sections", std::move(sections)}};
}

void revise(json& document) {
  auto revision = document.at("revision").get<uint64_t>() + 1;
  document["revision"] = revision;
  auto& sections = document.at("sections");
  sections[revision % sections.size()]["author"] = "reviser " + std::to_string(revision % 4);
}

void add_team_agents(agent_catalog& catalog) {
  catalog.functions().add("reviser", [](const task_input& in) -> result<task_output> {
    auto given = in.input().find("workspace");
    auto document = given == in.input().end() ? in.input() : given->at("artifacts").at("report");
    revise(document);
    return document;
  });
  catalog.add_actor("asker", [](const v1::AgentSpec&, const agent_context& context) {
    return result<agent_actor>{context.system->spawn(asking_actor, context.operations)};
  });
  catalog.functions().add("blocking_asker",
                          [](const task_input& in) -> result<task_output> {
                            auto times = json::array();
                            for (size_t i = 0; i < questions; ++i) {
                              stopwatch watch;
                              auto answer = in.operate({{"op", "ask"}, {"to", "answerer"}, {"content", i}});
                              if (!answer)
                                return tl::unexpected(answer.error());
                              times.push_back(watch.seconds());
                            }
                            return times;
                          },
                          {.blocking = true});
  catalog.functions().add("answerer", [](const task_input&) -> result<task_output> { return json{42}; });
}

void team_case(report& out) {
  const auto given = round_robin("$.workspace.artifacts.report");
  const auto told = round_robin(nullptr);
  double in_memory = 0;
  {
    local_node here{{}};
    turn_rate(here, given);
    figure x;
    x.name = "1 000 turns of a team of four on a shared 1.4 kB document";
    x.unit = "turns/s";
    x.floor_name = "plain CAF: four actors parse, change and print it in turn";
    x.goal = at_least(40'000);
    out.measure(
        std::move(x), [&] { return turn_rate(here, given); },
        [] { return turns / plain_caf{}.relay(turns, shared_document().dump()); });
    figure y;
    y.name = "the same, each member told all about the team and the workspace";
    y.unit = "turns/s";
    out.measure(std::move(y), [&] { return turn_rate(here, told); });
    in_memory = 1 / turn_rate(here, given);
  }
  local_node here{{.durable = true}};
  bare_store floor;
  auto document = shared_document().dump();
  const auto ahead = round_robin("$.workspace.artifacts.report", true);
  turn_rate(here, given);
  turn_rate(here, ahead);
  auto commits = [&] { return turns / floor.commit(turns, document); };
  figure w;
  w.name = "the same turns, durable (FULL), of pure agents";
  w.unit = "turns/s";
  w.floor_name = "one commit of the store for each";
  w.goal = at_least_ratio(0.85);
  out.measure(
      std::move(w), [&] { return turn_rate(here, ahead); }, commits);
  figure x;
  x.name = "the same, of agents with effects: each turn after the commit of the one before";
  x.unit = "turns/s";
  x.floor_name = "one commit of the store for each";
  out.measure(
      std::move(x), [&] { return turn_rate(here, given); }, commits);
  figure y;
  y.name = "the same beside a store that is given as much time to rest";
  y.unit = "turns/s";
  y.floor_name = "a commit for each, and before it the time that a turn takes in memory";
  out.measure(
      std::move(y), [&] { return turn_rate(here, given); },
      [&] { return turns / floor.commit(turns, document, in_memory); });
}

void ask_case(report& out) {
  local_node here{{.workers = 2}};
  const auto one_side = asking("asker", "here", "worker-1");
  const auto from_thread = asking("blocking_asker", "here", "worker-1");
  const auto both_sides = asking("asker", "worker-1", "worker-2");
  auto task = [&] { return 1e6 * median(send_tasks(here, questions, 1, noop_spec(), "worker-1").each); };
  const auto chain = chain_of_steps("worker-1");
  auto step = [&] { return 1e6 * run_once(here, chain, "{}") / steps; };
  auto measure = [&](std::string name, std::string floor, const std::string& document, std::optional<bar> goal = {}) {
    figure x;
    x.name = std::move(name);
    x.unit = "µs";
    x.floor_name = std::move(floor);
    x.goal = goal;
    out.measure(
        std::move(x), [&] { return 1e6 * answer_time(here, document); }, task);
  };
  answer_time(here, one_side);
  measure("a member asks a member on another node, p50", "a task to that node and its result", one_side,
          at_most_ratio(1.5));
  figure x;
  x.name = "the same beside a step of a run";
  x.unit = "µs";
  x.floor_name = "a step on that node, mean of 500 in a row: a task, and a run that goes on from it";
  out.measure(
      std::move(x), [&] { return 1e6 * answer_time(here, one_side); }, step);
  measure("the same, asked by a function in a thread of its own", "a task to that node and its result", from_thread);
  measure("both on other nodes than the coordinator", "a task to one of them and its result", both_sides);
}

} // namespace troupe::bench

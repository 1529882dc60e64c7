// Teams: turns on a shared document, in memory and each committed, and questions to a member on another node.

#include "bench/teams.hpp"

#include "actors/agents/agent_catalog.hpp"
#include "bench/bare_store.hpp"
#include "bench/cases.hpp"
#include "bench/floor_caf.hpp"
#include "bench/local_node.hpp"
#include "bench/stopwatch.hpp"
#include "bench/workflows.hpp"

#include <stdexcept>
#include <utility>

namespace troupe::bench {

namespace {

constexpr size_t turns = 1'000;
constexpr size_t questions = 500;

json function(const std::string& name, const std::string& side = {}) {
  json out{{"kind", "function"}, {"function", name}};
  if (!side.empty())
    out["placement"] = {{"side", side}};
  return out;
}

/// Four roles in turn; `input` is what each is given, null: all that it is told.
std::string round_robin(const json& input) {
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
  return json{{"workflow", "turns"},
              {"agents", {{"reviser", std::move(reviser)}}},
              {"steps", json::array({{{"id", "write"}, {"team", std::move(team)}}})},
              {"output", "$.steps.write"}}
      .dump();
}

std::string asking(const std::string& asks, const std::string& answers) {
  json team{{"goal", "many answers"},
            {"turns", "round_robin"},
            {"max_iterations", 1},
            {"limits", {{"operations_per_turn", questions + 1}}},
            {"agents", json::array({{{"role", "asker"}, {"agent", "asker"}},
                                    {{"role", "answerer"}, {"agent", "answerer"}, {"writes", false}}})},
            {"output", "$.workspace.artifacts.asker"}};
  return json{{"workflow", "questions"},
              {"agents", {{"asker", function("asker", asks)}, {"answerer", function("answerer", answers)}}},
              {"steps", json::array({{{"id", "talk"}, {"team", std::move(team)}}})},
              {"output", "$.steps.talk"}}
      .dump();
}

double turn_rate(local_node& at, const std::string& definition) {
  static const auto input = shared_document().dump();
  return turns / run_once(at, definition, input);
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
  catalog.functions().add("asker",
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
  }
  local_node here{{.durable = true}};
  bare_store floor;
  auto document = shared_document().dump();
  turn_rate(here, given);
  figure x;
  x.name = "the same turns, each committed (FULL)";
  x.unit = "turns/s";
  x.floor_name = "one commit of the store for each";
  x.goal = at_least_ratio(0.85);
  out.measure(
      std::move(x), [&] { return turn_rate(here, given); }, [&] { return turns / floor.commit(turns, document); });
}

void ask_case(report& out) {
  local_node here{{.workers = 2}};
  const auto one_side = asking("here", "worker-1");
  const auto both_sides = asking("worker-1", "worker-2");
  auto task = [&] { return 1e6 * median(send_tasks(here, questions, 1, noop_spec(), "worker-1").each); };
  answer_time(here, one_side);
  figure x;
  x.name = "a member asks a member on another node, p50";
  x.unit = "µs";
  x.floor_name = "a task to that node and its result";
  x.goal = at_most_ratio(1.5);
  out.measure(
      std::move(x), [&] { return 1e6 * answer_time(here, one_side); }, task);
  figure y;
  y.name = "the same, both on other nodes than the coordinator";
  y.unit = "µs";
  y.floor_name = "a task to one of them and its result";
  out.measure(
      std::move(y), [&] { return 1e6 * answer_time(here, both_sides); }, task);
}

} // namespace troupe::bench

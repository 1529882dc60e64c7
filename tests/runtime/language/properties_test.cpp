#include "runtime/language/graph.hpp"
#include "runtime/language/line_index.hpp"
#include "tests/support/random_json.hpp"

#include "documents.hpp"

#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

json any_json(int depth) {
  return test::random_json(depth, rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)),
                           rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)));
}

RC_GTEST_PROP(parse_document, is_the_inverse_of_writing_json, ()) {
  auto value = json{{"root", any_json(4)}};
  auto parsed = parse_document({"doc", value.dump()});
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == value);
  RC_ASSERT(*parse_document({"doc", value.dump(2)}) == value);
}

/// A valid step in which `before` may be referred to.
json any_step(int depth, const std::vector<std::string>& before);

json any_mapping(const std::vector<std::string>& before) {
  std::vector<std::string> queries = {"$.input", "$.input.items[0]", "text", "$$5", "$.run.id"};
  for (auto& id : before)
    queries.push_back("$.steps." + id);
  return json{{"x", *rc::gen::elementOf(queries)}, {"y", {*rc::gen::elementOf(queries), 1}}};
}

json any_steps(int depth, std::vector<std::string> before) {
  auto out = json::array();
  auto count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    auto id = "s" + std::to_string(depth) + std::to_string(i);
    auto next = any_step(depth - 1, before);
    next["id"] = id;
    if (!before.empty() && *rc::gen::inRange(0, 4) == 0)
      next["needs"] = {*rc::gen::elementOf(before)};
    out.push_back(std::move(next));
    before.push_back(id);
  }
  return out;
}

json any_parallel(int depth, const std::vector<std::string>& before) {
  json out;
  switch (*rc::gen::inRange(0, 4)) {
  case 0:
    out = {{"agents", {"a", {{"id", "again"}, {"agent", "a"}, {"input", any_mapping(before)}}, {{"agent", "b"}}}}};
    break;
  case 1:
    out = {{"branches", {{"zz", any_step(depth, before)}, {"aa", any_step(depth, before)}}}};
    break;
  case 2:
    out = {{"each", "$.input.items"}, {"agent", "c"}, {"input", {{"it", "$.item"}, {"more", any_mapping(before)}}}};
    break;
  default:
    out = {{"each", {1, 2, 3}}, {"steps", any_steps(depth, before)}, {"key", "$.item"}};
  }
  if (*rc::gen::arbitrary<bool>())
    out["aggregate"] = *rc::gen::elementOf(std::vector<json>{
        R"({"strategy": "consensus", "threshold": 0.7, "key": "$.v"})"_json,
        R"({"strategy": "synthesis", "agent": "b"})"_json, R"({"wait": "first"})"_json,
        R"({"wait": {"quorum": 2}, "deadline": "30s"})"_json,
        R"({"on_shortfall": ["retry", "fallback"], "fallback": "c", "minimum_required": "all"})"_json});
  if (*rc::gen::arbitrary<bool>())
    out["timeout"] = *rc::gen::elementOf(std::vector<json>{"90s", 12, 0.5, "2m"});
  return out;
}

json any_step(int depth, const std::vector<std::string>& before) {
  json out = json::object();
  switch (depth > 0 ? *rc::gen::inRange(0, 4) : 0) {
  case 0:
    out = {{"agent", *rc::gen::elementOf(std::vector<std::string>{"a", "b", "c"})}, {"input", any_mapping(before)}};
    break;
  case 1:
    out = {{"parallel", any_parallel(depth - 1, before)}};
    break;
  case 2:
    out = {{"steps", any_steps(depth, before)},
           {"order", *rc::gen::elementOf(std::vector<std::string>{"sequential", "parallel"})}};
    break;
  default: {
    auto first = any_step(depth - 1, before);
    first["when"] = "input.go";
    out = {{"choose", {first, {{"otherwise", any_step(depth - 1, before)}}}}};
  }
  }
  if (*rc::gen::inRange(0, 3) == 0)
    out["timeout"] = *rc::gen::elementOf(std::vector<json>{"10s", 5, "1h"});
  if (*rc::gen::inRange(0, 4) == 0)
    out["retry"] = {{"maximum_attempts", 2}, {"jitter", 0.5}};
  if (*rc::gen::inRange(0, 4) == 0)
    out["fallback"] = *rc::gen::arbitrary<bool>() ? json("b") : any_step(0, before);
  if (*rc::gen::inRange(0, 4) == 0)
    out["on_error"] = *rc::gen::elementOf(std::vector<json>{"continue", {{"output", any_mapping(before)}}});
  if (*rc::gen::inRange(0, 4) == 0)
    out["priority"] = *rc::gen::elementOf(std::vector<json>{"high", -3});
  return out;
}

json any_workflow() {
  json script = {{"kind", "lua"}, {"script", "return input"}};
  return {{"workflow", "w"}, {"agents", {{"a", script}, {"b", script}, {"c", script}}}, {"steps", any_steps(3, {})}};
}

RC_GTEST_PROP(canonical_document, compiles_to_the_same_workflow, ()) {
  auto document = any_workflow();
  auto loaded = load_workflow({"doc", document.dump()});
  if (!loaded)
    RC_FAIL(to_string(loaded.error().front()) + "\n" + document.dump(2));
  auto again = compile_workflow((*loaded)->document);
  RC_ASSERT(again.has_value());
  RC_ASSERT((*again)->document == (*loaded)->document);
  RC_ASSERT((*again)->hash == (*loaded)->hash);
  RC_ASSERT(to_json(analyse(**again)) == to_json(analyse(**loaded)));
  auto text = load_workflow({"doc", (*loaded)->document.dump()});
  RC_ASSERT(text.has_value());
  RC_ASSERT((*text)->hash == (*loaded)->hash);
}

RC_GTEST_PROP(analysis, finds_no_critical_path_longer_than_the_sum_of_the_parts, ()) {
  auto loaded = load_workflow({"doc", any_workflow().dump()});
  RC_ASSERT(loaded.has_value());
  auto graph = analyse(**loaded);
  RC_ASSERT(graph.cost.critical_path <= graph.cost.sequential);
  RC_ASSERT(graph.cost.critical_path > 0);
  for (auto& s : graph.steps)
    for (auto before : s.depends_on)
      RC_ASSERT(graph.steps[before].level < s.level);
}

RC_GTEST_PROP(reading, survives_any_damage_to_a_document, ()) {
  auto text = any_workflow().dump(*rc::gen::elementOf(std::vector<int>{-1, 2}));
  if (*rc::gen::arbitrary<bool>())
    // As YAML, of which JSON is nearly a part.
    text.insert(0, "# yaml\n");
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i) {
    auto at = *rc::gen::inRange<size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
    case 0:
      text[at] = *rc::gen::elementOf(std::string{"{}[]\"':,&*!|>%@?-# \n\t0a\\\xC3"});
      break;
    case 1:
      text.erase(at, *rc::gen::inRange<size_t>(1, 20));
      break;
    default:
      text.insert(
          at, *rc::gen::elementOf(std::vector<std::string>{"&a ", "*a", "\n  ", "? ", "- ", "!!x ", "<<: ", "|\n"}));
    }
    if (text.empty())
      text = "a";
  }
  auto loaded = load_workflow({"doc", text});
  if (!loaded)
    RC_ASSERT(!loaded.error().empty());
}

RC_GTEST_PROP(line_index, agrees_with_counting, ()) {
  auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"ab\n"}));
  line_index index{text};
  for (int i = 0; i < 5; ++i) {
    auto offset = *rc::gen::inRange<size_t>(0, text.size() + 1);
    int line = 1, column = 1;
    for (size_t k = 0; k < offset; ++k)
      text[k] == '\n' ? (++line, column = 1) : ++column;
    auto at = index.at(offset);
    RC_ASSERT(at.line == line);
    RC_ASSERT(at.column == column);
  }
}

} // namespace
} // namespace troupe

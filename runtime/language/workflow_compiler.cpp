#include "runtime/language/workflow_compiler.hpp"

#include "runtime/language/nearest.hpp"

#include <algorithm>
#include <functional>

namespace troupe {

namespace {

/// The text inside of `at` that reads what `matches` looks for; `at` itself when there is none.
document_value locate(const document_value& at, const std::function<bool(const references&)>& matches) {
  if (at.is_text()) {
    auto one = mapping::compile(at.text());
    return one && matches(one->reads()) ? at : document_value{};
  }
  for (size_t i = 0; i < at.node->items.size(); ++i)
    if (auto found = locate(at.item(i), matches); found.node)
      return found;
  for (auto& m : at.node->members)
    if (auto found = locate(at.member(m), matches); found.node)
      return found;
  return {};
}

/// The texts inside of `at` that are no valid mappings.
void find_faulty_texts(const document_value& at,
                       const std::function<void(const document_value&, const error&)>& report) {
  if (at.is_text()) {
    if (auto one = mapping::compile(at.text()); !one)
      report(at, one.error());
    return;
  }
  for (size_t i = 0; i < at.node->items.size(); ++i)
    find_faulty_texts(at.item(i), report);
  for (auto& m : at.node->members)
    find_faulty_texts(at.member(m), report);
}

/// Where the document has an object with this id, for a hint.
std::string find_id(const document_node& node, const std::string& place, const std::string& id) {
  auto* own = node.find("id");
  if (own != nullptr && own->value->is == document_node::shape::scalar && own->value->scalar == id)
    return place;
  document_value at{&node, place};
  for (size_t i = 0; i < node.items.size(); ++i)
    if (auto found = find_id(*node.items[i], at.item(i).place, id); !found.empty())
      return found;
  for (auto& m : node.members)
    if (auto found = find_id(*m.value, at.member(m).place, id); !found.empty())
      return found;
  return {};
}

std::vector<std::string> names_in(const surroundings& in) {
  std::vector<std::string> out = {"input", "steps", "results", "run"};
  if (in.in_each)
    out.insert(out.end(), {"item", "index"});
  if (in.has_error)
    out.push_back("error");
  if (in.has_partial)
    out.push_back("partial");
  if (in.in_team)
    out.insert(out.end(), {"workspace", "turn"});
  return out;
}

} // namespace

workflow_compiler::workflow_compiler(document_checker& check, const language_limits& limits,
                                     const std::map<std::string, agent_definition>& agents, const document_node& root)
    : check_{check}, limits_{limits}, agents_{agents}, root_{root} {}

std::optional<mapping> workflow_compiler::compile_mapping(const document_value& at, const surroundings& in) {
  auto compiled = mapping::compile(to_json(*at.node));
  if (!compiled) {
    auto located = false;
    find_faulty_texts(at, [&](const document_value& text, const error& fault) {
      located = true;
      check_.fault(text, fault.message, "a text that begins with $ is JSONPath; write $$ for a dollar sign");
    });
    if (!located)
      check_.fault(at, compiled.error().message);
    return std::nullopt;
  }
  auto& reads = compiled->reads();
  refer(reads, at, in);
  for (auto& name : reads.members) {
    auto known = names_in(in);
    if (std::find(known.begin(), known.end(), name) != known.end())
      continue;
    auto where = locate(at, [&](const references& r) { return r.members.count(name) > 0; });
    auto remedy = did_you_mean(name, known);
    if (name == "item" || name == "index")
      remedy = "it exists inside of `each` only";
    else if (name == "workspace" || name == "turn")
      remedy = "it exists inside of a team only";
    else if (name == "error" || name == "partial")
      remedy = "it exists in a step's `fallback` and `on_error` only";
    check_.fault(where.node ? where : at, "$ has no member \"" + excerpt(name) + "\" here; it has " + enumerate(known),
                 remedy);
  }
  return std::move(*compiled);
}

std::optional<lua_chunk> workflow_compiler::compile_condition(const document_value& at, const surroundings& in) {
  if (!at.is_text()) {
    check_.mismatch(at, "a Lua expression as text", "quote it");
    return std::nullopt;
  }
  auto compiled = lua_chunk::compile_expression(at.text());
  if (!compiled) {
    check_.fault(at, compiled.error().message);
    return std::nullopt;
  }
  refer(compiled->reads(), at, in);
  // Lua takes any name, and finds nothing under one that is not there. Only what looks like a slip is worth a word: a
  // name may be that of a table's member.
  auto known = names_in(in);
  for (const auto& name : compiled->reads().members)
    if (std::find(known.begin(), known.end(), name) == known.end())
      if (auto remedy = did_you_mean(name, known); !remedy.empty())
        check_.warn(at, "there is no \"" + excerpt(name) + "\" here; it has " + enumerate(known), remedy);
  return std::move(*compiled);
}

std::optional<lua_chunk> workflow_compiler::compile_function(const document_value& at, const std::string& variables) {
  if (!at.is_text()) {
    check_.mismatch(at, "a Lua expression over " + variables + " as text", "quote it");
    return std::nullopt;
  }
  auto compiled = lua_chunk::compile_expression(at.text());
  if (!compiled) {
    check_.fault(at, compiled.error().message);
    return std::nullopt;
  }
  auto reads = compiled->reads();
  if (reads.all_steps || !reads.steps.empty() || reads.members.count("input") > 0 || reads.members.count("run") > 0)
    check_.fault(at, "this expression sees " + variables + " and nothing else of the run",
                 "let the branches put what it needs into their outputs");
  return std::move(*compiled);
}

void workflow_compiler::refer(const references& reads, const document_value& at, const surroundings& in) {
  for (auto& id : reads.steps)
    refer_to_step(id, at, in);
  if (reads.all_steps && !in.steps->refer_to_all_before())
    check_.fault(at, "the document has more than " + std::to_string(visible_steps::most_edges) + " dependencies",
                 "name the steps that are meant ($.steps.<id>) instead of reading all of them");
}

void workflow_compiler::refer_to_step(const std::string& id, const document_value& from, const surroundings& in) {
  auto finding = in.steps->refer(id);
  if (finding == visible_steps::finding::found || check_.full())
    return;
  auto located = locate(from, [&](const references& r) { return r.steps.count(id) > 0; });
  auto& at = located.node ? located : from;
  if (finding == visible_steps::finding::self) {
    check_.fault(at, "the step \"" + id + "\" cannot wait for itself or for the step that contains it",
                 "refer to another step, or to $.input");
    return;
  }
  auto names = in.steps->names();
  auto message = "no step \"" + excerpt(id) + "\" is visible here; ";
  message += names.empty() ? "no other step is" : "visible are " + enumerate(names);
  auto remedy = did_you_mean(id, names);
  if (auto elsewhere = is_identifier(id) ? find_id(root_, "", id) : ""; !elsewhere.empty())
    remedy = "there is one at " + elsewhere
             + ", but what is inside of a step is seen from outside only through that step's own output";
  check_.fault(at, message, remedy);
}

std::string workflow_compiler::no_agent_remedy(const std::string& name) const {
  if (check_.full())
    return {};
  constexpr size_t most = 1'000;
  std::vector<std::string> names;
  for (auto& [known, definition] : agents_)
    if (names.size() < most)
      names.push_back(known);
  auto near = did_you_mean(name, names);
  return near.empty() ? "define it under `agents:`, or give a document that does with --agents" : near;
}

std::string workflow_compiler::resolve_agent(const document_value& at) {
  auto name = check_.identifier(at);
  if (!name)
    return {};
  if (agents_.count(*name) == 0) {
    check_.fault(at, "there is no agent \"" + *name + "\"", no_agent_remedy(*name));
    return {};
  }
  used_agents_.insert(*name);
  return *name;
}

std::string workflow_compiler::resolve_agent_type(const document_value& at) {
  auto type = check_.text(at);
  if (!type)
    return {};
  auto i = agents_.find(*type);
  if (i == agents_.end())
    i = std::find_if(agents_.begin(), agents_.end(), [&](auto& entry) {
      auto& offers = entry.second.capabilities;
      return std::find(offers.begin(), offers.end(), *type) != offers.end();
    });
  if (i == agents_.end()) {
    check_.fault(at, "there is no agent named \"" + excerpt(*type) + "\" and none with that capability",
                 no_agent_remedy(*type));
    return {};
  }
  used_agents_.insert(i->first);
  return i->first;
}

json workflow_compiler::canonical(const document_value& at) const {
  if (branch_objects_.empty() || at.node->is == document_node::shape::scalar)
    return to_json(*at.node);
  if (at.is_list() || branch_objects_.count(at.place) > 0) {
    auto out = json::array();
    for (size_t i = 0; i < at.node->items.size(); ++i)
      out.push_back(canonical(at.item(i)));
    for (auto& m : at.node->members) {
      out.push_back(canonical(at.member(m)));
      out.back()["id"] = m.key;
    }
    return out;
  }
  auto out = json::object();
  for (auto& m : at.node->members)
    out.emplace(m.key, canonical(at.member(m)));
  return out;
}

std::optional<json_schema> compile_schema(document_checker& check, const document_value& at) {
  if (!at.is_object() && !(at.node->is == document_node::shape::scalar && at.node->scalar.is_boolean())) {
    check.mismatch(at, "a JSON Schema (an object)");
    return std::nullopt;
  }
  auto compiled = json_schema::compile(to_json(*at.node));
  if (!compiled) {
    check.fault(at, "not a valid JSON Schema: " + compiled.error().message);
    return std::nullopt;
  }
  return std::move(*compiled);
}

} // namespace troupe

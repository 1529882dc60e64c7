#include "runtime/language/load.hpp"

#include "runtime/language/document_reader.hpp"
#include "runtime/language/sha256.hpp"
#include "runtime/language/workflow_compiler.hpp"

namespace troupe {

namespace {

/// `agents:` of one document: compiled, and as JSON.
struct agent_source {
  std::map<std::string, agent_definition> definitions;
  json documents = json::object();
};

agent_source read_agents(document_checker& check, const std::optional<document_value>& at) {
  agent_source out;
  if (!at)
    return out;
  out.definitions = compile_agents(check, *at);
  out.documents = to_json(*at->node);
  return out;
}

tl::unexpected<std::vector<diagnostic>> refuse(std::vector<diagnostic> faults) {
  return tl::unexpected<std::vector<diagnostic>>(std::move(faults));
}

agent_source read_agents_document(document_checker& check, const document_node& root) {
  object_reader keys{check, {&root, ""}, keys_of("agents_document"), "a document of agents"};
  return read_agents(check, keys.need("agents"));
}

checked<workflow_ptr> compile(const document_node& root, const std::string& source, const agent_source& shared,
                              const language_limits& limits, std::vector<diagnostic>* warnings) {
  document_checker check{source};
  document_value at{&root, ""};
  auto out = std::make_shared<workflow>();
  out->root.where = root.where;
  auto is_group = root.find("parallel_group") != nullptr;
  auto is_team = !is_group && root.find("team") != nullptr && root.find("workflow") == nullptr;
  const auto* construct = is_group ? "parallel_group_document" : is_team ? "team_document" : "document";
  object_reader keys{check, at, keys_of(construct), "a workflow document"};
  if (!keys)
    return refuse(check.faults());

  auto own = read_agents(check, keys["agents"]);
  auto agents = own.definitions;
  agents.insert(shared.definitions.begin(), shared.definitions.end());
  workflow_compiler compiler{check, limits, agents, root};
  if (is_group || is_team) {
    auto group = is_group ? compiler.compile_parallel_group(*keys["parallel_group"])
                          : compiler.compile_team_document(*keys["team"]);
    out->name = group.steps.empty() ? "" : group.steps[0].id;
    out->root.body = std::move(group);
  } else {
    if (auto name = keys.need("workflow"))
      out->name = check.identifier(*name).value_or("");
    if (auto description = keys["description"])
      check.text(*description);
    if (auto schema = keys["input"])
      out->input_schema = compile_schema(check, *schema);
    if (auto schema = keys["output_schema"])
      out->output_schema = compile_schema(check, *schema);
    if (auto steps = keys.need("steps"))
      out->root.body = compiler.compile_group(*steps, keys["order"], keys["output"], {});
  }

  auto& used = compiler.used_agents();
  for (auto& [name, definition] : own.definitions)
    if (used.count(name) == 0)
      if (auto* entry = keys["agents"]->node->find(name))
        check.warn(keys["agents"]->member(*entry), "the agent is never used", "remove it, or give it work");
  if (warnings != nullptr)
    warnings->insert(warnings->end(), check.warnings().begin(), check.warnings().end());
  if (!check.clean())
    return refuse(check.faults());

  out->document = compiler.canonical(at);
  for (auto& [name, definition] : agents) {
    auto is_own = own.definitions.count(name) > 0;
    // Of the shared ones those that matter: the hash must not change with what others keep in the same file.
    if (!is_own && used.count(name) == 0)
      continue;
    auto& made = out->agents.emplace(name, definition).first->second;
    if (auto room = compiler.rooms().find(name); room != compiler.rooms().end() && !made.room_is_given) {
      made.replicas = room->second;
      made.hash = hash_of(made);
    }
    out->document["agents"][name] = is_own ? own.documents[name] : shared.documents[name];
  }
  out->text = out->document.dump();
  out->hash = sha256_hex(out->text);
  return out;
}

} // namespace

checked<json> parse_document(const source_text& source, const language_limits& limits) {
  auto root = read_document(source, limits);
  if (!root)
    return refuse(std::move(root.error()));
  return to_json(**root);
}

checked<workflow_ptr> load_workflow(const source_text& source, const load_options& options) {
  std::vector<diagnostic> faults;
  agent_source shared;
  if (options.agents) {
    if (auto root = read_document(*options.agents, options.limits)) {
      document_checker check{options.agents->name};
      shared = read_agents_document(check, **root);
      faults = check.faults();
    } else {
      faults = std::move(root.error());
    }
  }
  checked<workflow_ptr> out;
  if (auto root = read_document(source, options.limits))
    out = compile(**root, source.name, shared, options.limits, options.warnings);
  else
    out = refuse(std::move(root.error()));
  if (faults.empty())
    return out;
  if (!out)
    faults.insert(faults.end(), out.error().begin(), out.error().end());
  return refuse(std::move(faults));
}

checked<workflow_ptr> compile_workflow(const json& document, const language_limits& limits) {
  auto root = read_document(document, limits);
  if (!root)
    return refuse(std::move(root.error()));
  return compile(**root, "", {}, limits, nullptr);
}

checked<std::map<std::string, agent_definition>> load_agents(const source_text& source, const language_limits& limits) {
  auto root = read_document(source, limits);
  if (!root)
    return refuse(std::move(root.error()));
  document_checker check{source.name};
  auto out = read_agents_document(check, **root);
  if (!check.clean())
    return refuse(check.faults());
  return std::move(out.definitions);
}

} // namespace troupe

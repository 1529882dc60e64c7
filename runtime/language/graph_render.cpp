#include "runtime/language/graph.hpp"

#include <cmath>

namespace troupe {

namespace {

/// At most two decimals, none where they are zero.
std::string number(double x) {
  auto rounded = std::round(x * 100) / 100;
  return rounded == std::trunc(rounded) ? std::to_string(static_cast<int64_t>(rounded)) : json(rounded).dump();
}

std::string units(double x) {
  return number(x) + (x == 1 ? " unit" : " units");
}

std::string duration(milliseconds x) {
  auto ms = x.count();
  if (ms < 1'000)
    return std::to_string(ms) + " ms";
  auto text = number(static_cast<double>(ms % 60'000) / 1e3) + " s";
  if (ms >= 60'000)
    text = std::to_string(ms / 60'000 % 60) + " min" + (ms % 60'000 == 0 ? "" : " " + text);
  return ms >= 3'600'000 ? std::to_string(ms / 3'600'000) + " h " + text : text;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (auto& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string label(const graph_step& x) {
  auto out = x.id.empty() ? x.kind : x.id;
  out += " (" + (x.kind == "agent" ? "" : x.kind + ": ") + x.detail + ")";
  return x.conditional ? out + " if its condition holds" : out;
}

void add_steps(std::string& out, const std::vector<graph_step>& steps, const std::string& indent);

void add_inside(std::string& out, const graph_step& x, const std::string& indent) {
  if (x.kind == "steps") {
    add_steps(out, x.inside, indent);
    return;
  }
  for (auto& inner : x.inside) {
    out += indent + (x.kind == "parallel" ? "∥ " : "? ") + label(inner) + "\n";
    add_inside(out, inner, indent + "  ");
  }
}

void add_steps(std::string& out, const std::vector<graph_step>& steps, const std::string& indent) {
  auto levels = levels_of(steps);
  for (size_t level = 0; level < levels.size(); ++level) {
    out += indent + "group " + std::to_string(level + 1)
           + (levels[level].size() > 1 ? ", " + std::to_string(levels[level].size()) + " in parallel" : "") + "\n";
    for (auto i : levels[level]) {
      std::vector<std::string> before;
      for (auto d : steps[i].depends_on)
        before.push_back(steps[d].id);
      out += indent + "  " + label(steps[i]) + (before.empty() ? "" : " after " + join(before)) + "\n";
      add_inside(out, steps[i], indent + "    ");
    }
  }
}

std::string escape_mermaid(const std::string& text) {
  std::string out;
  for (auto c : text) {
    auto special = c == '"' || c == '<' || c == '>' || c == '&' || c == '#' || c == '`' || c == '\\';
    out += special ? "#" + std::to_string(static_cast<int>(c)) + ";" : std::string{c};
  }
  return out;
}

void add_mermaid(std::string& out, const std::vector<graph_step>& steps, const std::string& prefix,
                 const std::string& indent) {
  for (size_t i = 0; i < steps.size(); ++i) {
    auto& x = steps[i];
    auto name = prefix + std::to_string(i);
    auto text = "[\"" + escape_mermaid(label(x)) + "\"]\n";
    if (x.inside.empty()) {
      out += indent + name + text;
    } else {
      out += indent + "subgraph " + name + text;
      add_mermaid(out, x.inside, name + "_", indent + "  ");
      out += indent + "end\n";
    }
    for (auto before : x.depends_on)
      out += indent + prefix + std::to_string(before) + " --> " + name + "\n";
  }
}

std::string escape_dot(const std::string& text) {
  std::string out;
  for (auto c : text)
    out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return out;
}

void add_dot(std::string& out, const std::vector<graph_step>& steps, const std::string& prefix,
             const std::string& indent) {
  for (size_t i = 0; i < steps.size(); ++i) {
    auto& x = steps[i];
    auto name = prefix + std::to_string(i);
    auto node = name + " [label=\"" + escape_dot(label(x)) + "\"];\n";
    if (x.inside.empty()) {
      out += indent + node;
    } else {
      // Edges cannot end at a cluster, so the step itself is a node in it.
      out += indent + "subgraph cluster_" + name + " {\n" + indent + "  " + node;
      add_dot(out, x.inside, name + "_", indent + "  ");
      for (size_t k = 0; k < x.inside.size(); ++k)
        if (x.inside[k].depends_on.empty())
          out += indent + "  " + name + " -> " + name + "_" + std::to_string(k) + " [style=dashed];\n";
      out += indent + "}\n";
    }
    for (auto before : x.depends_on)
      out += indent + prefix + std::to_string(before) + " -> " + name + ";\n";
  }
}

json cost_json(const graph_cost& x) {
  json out = {{"sequential", x.sequential}, {"critical_path", x.critical_path}};
  if (x.sequential_limit)
    out["sequential_limit_ms"] = x.sequential_limit->count();
  if (x.critical_path_limit)
    out["critical_path_limit_ms"] = x.critical_path_limit->count();
  return out;
}

json steps_json(const std::vector<graph_step>& steps) {
  auto out = json::array();
  for (auto& x : steps) {
    auto before = json::array();
    for (auto d : x.depends_on)
      before.push_back(steps[d].id);
    out.push_back({{"id", x.id},
                   {"path", x.path},
                   {"kind", x.kind},
                   {"detail", x.detail},
                   {"depends_on", std::move(before)},
                   {"level", x.level},
                   {"conditional", x.conditional},
                   {"cost", cost_json(x.cost)},
                   {"inside", steps_json(x.inside)}});
  }
  return out;
}

} // namespace

std::string to_text(const workflow_graph& graph) {
  auto out = "workflow " + graph.workflow + "\n";
  add_steps(out, graph.steps, "  ");
  auto& cost = graph.cost;
  out += "expected saving: " + number(std::round(graph.saving() * 100)) + " % (one after the other "
         + units(cost.sequential) + ", critical path " + units(cost.critical_path) + "; a unit is one agent task)\n";
  for (auto& x : graph.fan_outs)
    out += "  each further item of " + x.path + " adds " + units(x.sequential) + " one after the other and "
           + units(x.critical_path) + " on the critical path\n";
  if (cost.sequential_limit && cost.critical_path_limit)
    out += "by its time limits it takes at most " + duration(*cost.critical_path_limit) + " (one after the other "
           + duration(*cost.sequential_limit) + ")\n";
  else if (cost.critical_path_limit)
    out += "by its time limits it takes at most " + duration(*cost.critical_path_limit) + "\n";
  if (!graph.without_limit.empty())
    out += "without a time limit of their own: " + join(graph.without_limit) + "\n";
  return out;
}

std::string to_mermaid(const workflow_graph& graph) {
  std::string out = "flowchart TD\n";
  add_mermaid(out, graph.steps, "s", "  ");
  return out;
}

std::string to_dot(const workflow_graph& graph) {
  auto out = "digraph \"" + escape_dot(graph.workflow) + "\" {\n  node [shape=box];\n";
  add_dot(out, graph.steps, "s", "  ");
  return out + "}\n";
}

json to_json(const workflow_graph& graph) {
  auto fan_outs = json::array();
  for (auto& x : graph.fan_outs)
    fan_outs.push_back({{"path", x.path}, {"sequential", x.sequential}, {"critical_path", x.critical_path}});
  auto groups = json::array();
  for (auto& level : levels_of(graph.steps)) {
    auto ids = json::array();
    for (auto i : level)
      ids.push_back(graph.steps[i].id);
    groups.push_back(std::move(ids));
  }
  return {{"workflow", graph.workflow},
          {"steps", steps_json(graph.steps)},
          {"parallel_groups", std::move(groups)},
          {"cost", cost_json(graph.cost)},
          {"saving", graph.saving()},
          {"per_further_item", std::move(fan_outs)},
          {"without_limit", graph.without_limit}};
}

} // namespace troupe

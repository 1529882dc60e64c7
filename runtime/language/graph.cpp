#include "runtime/language/graph.hpp"

#include "runtime/language/nearest.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

namespace troupe {

namespace {

using limit = std::optional<milliseconds>;

limit sum(limit a, limit b) {
  return a && b ? limit{*a + *b} : std::nullopt;
}

limit greater(limit a, limit b) {
  return a && b ? limit{std::max(*a, *b)} : std::nullopt;
}

limit bounded(limit a, milliseconds bound) {
  if (bound.count() == 0)
    return a;
  return a ? std::min(*a, bound) : bound;
}

/// All tries with the longest waits between them.
limit with_retries(limit one, const std::optional<retry_policy>& retry) {
  if (!one || !retry || retry->maximum_attempts <= 1)
    return one;
  auto wait = static_cast<double>(retry->initial_interval.count());
  double total = static_cast<double>(one->count()) * retry->maximum_attempts;
  for (uint32_t i = 1; i < retry->maximum_attempts; ++i) {
    // Jitter only makes it shorter.
    total += std::min(wait, static_cast<double>(retry->maximum_interval.count()));
    wait *= retry->backoff_coefficient;
  }
  return milliseconds{std::llround(total)};
}

const char* name_of(aggregation_spec::strategy how) {
  static constexpr const char* names[] = {"merge_all", "best_result", "consensus", "synthesis", "reduce"};
  return names[static_cast<size_t>(how)];
}

class analyser {
public:
  explicit analyser(const workflow& definition) : workflow_{definition} {}

  workflow_graph run() {
    graph_.workflow = workflow_.name;
    auto root = visit(workflow_.root, "");
    graph_.cost = root.cost;
    graph_.steps = std::move(root.inside);
    return std::move(graph_);
  }

private:
  graph_step visit(const step& definition, const std::string& path) {
    graph_step out;
    out.id = definition.id;
    out.path = path;
    out.kind = definition.kind();
    out.depends_on = definition.depends_on;
    out.conditional = definition.when.has_value();
    std::visit([&](auto& body) { visit_body(body, definition, out); }, definition.body);
    auto& cost = out.cost;
    if (!std::holds_alternative<agent_step>(definition.body)) {
      cost.sequential_limit = with_retries(cost.sequential_limit, definition.retry);
      cost.critical_path_limit = with_retries(cost.critical_path_limit, definition.retry);
    }
    cost.sequential_limit = bounded(cost.sequential_limit, definition.timeout);
    cost.critical_path_limit = bounded(cost.critical_path_limit, definition.timeout);
    if (definition.fallback) {
      // The exception is no part of the expected cost, but of the longest time.
      auto stand_in = visit(*definition.fallback, path).cost;
      cost.sequential_limit = sum(cost.sequential_limit, stand_in.sequential_limit);
      cost.critical_path_limit = sum(cost.critical_path_limit, stand_in.critical_path_limit);
    }
    return out;
  }

  std::string below(const std::string& path, const std::string& id) const {
    return path.empty() || id.empty() ? path + id : path + "." + id;
  }

  void visit_body(const agent_step& body, const step& definition, graph_step& out) {
    out.detail = "agent " + body.agent;
    out.cost = agent_cost(body.agent, body.attempt_timeout, definition.retry);
    if (!out.cost.sequential_limit && definition.timeout.count() == 0
        && std::find(graph_.without_limit.begin(), graph_.without_limit.end(), out.path) == graph_.without_limit.end())
      graph_.without_limit.push_back(out.path);
  }

  graph_cost agent_cost(const std::string& name, milliseconds attempt, const std::optional<retry_policy>& retry) const {
    auto agent = workflow_.agents.find(name);
    auto known = agent != workflow_.agents.end();
    if (attempt.count() == 0 && known)
      attempt = agent->second.timeout;
    auto one = attempt.count() > 0 ? limit{attempt} : std::nullopt;
    auto all = with_retries(one, retry || !known ? retry : agent->second.retry);
    return {1, 1, all, all};
  }

  void visit_body(const group_step& body, const step&, graph_step& out) {
    for (auto& child : body.steps)
      out.inside.push_back(visit(child, below(out.path, child.id)));
    std::vector<double> end(body.steps.size());
    std::vector<limit> end_limit(body.steps.size(), milliseconds{0});
    graph_cost total{0, 0, milliseconds{0}, milliseconds{0}};
    for (auto i : order_of(out.inside)) {
      auto& child = out.inside[i];
      double begin = 0;
      limit begin_limit = milliseconds{0};
      for (auto before : child.depends_on) {
        begin = std::max(begin, end[before]);
        begin_limit = greater(begin_limit, end_limit[before]);
        child.level = std::max(child.level, out.inside[before].level + 1);
      }
      end[i] = begin + child.cost.critical_path;
      end_limit[i] = sum(begin_limit, child.cost.critical_path_limit);
      total.sequential += child.cost.sequential;
      total.critical_path = std::max(total.critical_path, end[i]);
      total.sequential_limit = sum(total.sequential_limit, child.cost.sequential_limit);
      total.critical_path_limit = greater(total.critical_path_limit, end_limit[i]);
    }
    out.cost = total;
    out.detail = std::to_string(body.steps.size()) + (body.steps.size() == 1 ? " step" : " steps");
  }

  /// Steps before those that depend on them.
  static std::vector<uint32_t> order_of(const std::vector<graph_step>& steps) {
    std::vector<size_t> waiting(steps.size());
    std::vector<std::vector<uint32_t>> dependents(steps.size());
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < steps.size(); ++i) {
      waiting[i] = steps[i].depends_on.size();
      for (auto before : steps[i].depends_on)
        dependents[before].push_back(i);
      if (waiting[i] == 0)
        order.push_back(i);
    }
    for (size_t next = 0; next < order.size(); ++next)
      for (auto i : dependents[order[next]])
        if (--waiting[i] == 0)
          order.push_back(i);
    return order;
  }

  void visit_body(const parallel_step& body, const step&, graph_step& out) {
    std::vector<graph_cost> branches;
    if (body.each) {
      auto& source = body.each->source();
      auto known = source.is_array();
      out.inside.push_back(visit(*body.body, out.path + "[*]"));
      out.inside.back().id = "each item";
      auto& one = out.inside.back().cost;
      branches.assign(known ? source.size() : 1, one);
      if (!known)
        graph_.fan_outs.push_back(
            {out.path, one.sequential, body.max_concurrent == 0 ? 0 : one.critical_path / body.max_concurrent});
      out.detail =
          "each " + (known ? "of " + std::to_string(source.size()) : excerpt(source.get_ref<const std::string&>()));
      // How long the whole list takes is not known from one item.
      if (!known)
        branches[0].sequential_limit = std::nullopt;
      if (!known && body.max_concurrent > 0)
        branches[0].critical_path_limit = std::nullopt;
    } else {
      for (auto& branch : body.branches) {
        out.inside.push_back(visit(branch, out.path + "[" + branch.id + "]"));
        branches.push_back(out.inside.back().cost);
      }
      out.detail = std::to_string(branches.size()) + (branches.size() == 1 ? " branch" : " branches");
    }
    out.cost = side_by_side(branches, body.max_concurrent);
    auto& aggregate = *body.aggregate;
    out.detail += std::string{", "} + name_of(aggregate.how);
    if (aggregate.deadline.count() > 0)
      out.cost.critical_path_limit = bounded(out.cost.critical_path_limit, aggregate.deadline);
    auto verdicts = aggregate.how == aggregation_spec::strategy::reduce ? branches.size() : 1;
    if (auto& agent = aggregate.scorer.empty() ? aggregate.agent : aggregate.scorer; !agent.empty()) {
      auto cost = agent_cost(agent, milliseconds{0}, std::nullopt);
      for (size_t i = 0; i < verdicts; ++i) {
        out.cost.sequential += cost.sequential;
        out.cost.critical_path += cost.critical_path;
        out.cost.sequential_limit = sum(out.cost.sequential_limit, cost.sequential_limit);
        out.cost.critical_path_limit = sum(out.cost.critical_path_limit, cost.critical_path_limit);
      }
    }
  }

  static graph_cost side_by_side(const std::vector<graph_cost>& branches, uint32_t max_concurrent) {
    graph_cost total{0, 0, milliseconds{0}, milliseconds{0}};
    auto lanes = max_concurrent == 0 ? branches.size() : std::min<size_t>(max_concurrent, branches.size());
    struct lane {
      double busy;
      limit busy_limit;
      bool operator>(const lane& other) const {
        return busy > other.busy;
      }
    };
    std::priority_queue<lane, std::vector<lane>, std::greater<>> free;
    for (size_t i = 0; i < lanes; ++i)
      free.push({0, milliseconds{0}});
    // Each branch takes the lane that is free first, as in the run.
    for (auto& branch : branches) {
      auto mine = free.top();
      free.pop();
      mine.busy += branch.critical_path;
      mine.busy_limit = sum(mine.busy_limit, branch.critical_path_limit);
      total.sequential += branch.sequential;
      total.sequential_limit = sum(total.sequential_limit, branch.sequential_limit);
      total.critical_path = std::max(total.critical_path, mine.busy);
      total.critical_path_limit = greater(total.critical_path_limit, mine.busy_limit);
      free.push(mine);
    }
    return total;
  }

  void visit_body(const choose_step& body, const step&, graph_step& out) {
    graph_cost dearest{0, 0, milliseconds{0}, milliseconds{0}};
    for (auto& choice : body.choices) {
      out.inside.push_back(visit(*choice.body, below(out.path, choice.body->id)));
      out.inside.back().id = choice.when ? "when " + excerpt(choice.when->text()) : "otherwise";
      auto& cost = out.inside.back().cost;
      dearest.sequential = std::max(dearest.sequential, cost.sequential);
      dearest.critical_path = std::max(dearest.critical_path, cost.critical_path);
      dearest.sequential_limit = greater(dearest.sequential_limit, cost.sequential_limit);
      dearest.critical_path_limit = greater(dearest.critical_path_limit, cost.critical_path_limit);
    }
    out.cost = dearest;
    out.detail = std::to_string(body.choices.size()) + (body.choices.size() == 1 ? " case" : " cases");
  }

  void visit_body(const team_step& body, const step&, graph_step& out) {
    // One iteration; how many there are, and who asks whom, only the run knows.
    graph_cost total{0, 0, milliseconds{0}, milliseconds{0}};
    std::vector<graph_cost> members;
    for (auto& member : body.members) {
      out.inside.push_back(visit(*member.work, out.path + "[" + member.role + "]"));
      out.inside.back().id = member.role;
      members.push_back(out.inside.back().cost);
    }
    if (body.order == team_step::turns::free)
      total = side_by_side(members, 0);
    else
      for (auto& one : members) {
        total.sequential += one.sequential;
        total.critical_path += one.critical_path;
      }
    total.sequential_limit = total.critical_path_limit = std::nullopt;
    out.cost = total;
    static constexpr const char* orders[] = {"by phase", "round robin", "by selector", "by handoff", "free"};
    out.detail = std::to_string(body.members.size()) + " members, " + orders[static_cast<size_t>(body.order)]
                 + ", up to " + std::to_string(body.max_iterations)
                 + (body.max_iterations == 1 ? " iteration" : " iterations");
  }

  const workflow& workflow_;
  workflow_graph graph_;
};

} // namespace

double workflow_graph::saving() const {
  return cost.sequential > 0 ? 1 - cost.critical_path / cost.sequential : 0;
}

workflow_graph analyse(const workflow& definition) {
  return analyser{definition}.run();
}

std::vector<std::vector<uint32_t>> levels_of(const std::vector<graph_step>& steps) {
  std::vector<std::vector<uint32_t>> out;
  for (uint32_t i = 0; i < steps.size(); ++i) {
    if (out.size() <= steps[i].level)
      out.resize(steps[i].level + 1);
    out[steps[i].level].push_back(i);
  }
  return out;
}

} // namespace troupe

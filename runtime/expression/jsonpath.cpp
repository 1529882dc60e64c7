#include "runtime/expression/jsonpath.hpp"

#include "runtime/expression/jsonpath_evaluator.hpp"
#include "runtime/expression/jsonpath_query.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace syntax = jsonpath_syntax;

namespace {

constexpr size_t text_limit = 4096;
// Rebasing lengthens a query that was within its limit.
constexpr size_t rebased_limit = 64 * text_limit;

// What all absolute queries in a tree refer to.
class reference_collector {
public:
  references found;

  void visit(const syntax::query& path) {
    if (!path.relative)
      absolute(path);
    for (const auto& segment : path.segments)
      for (const auto& by : segment.selectors)
        if (auto* filter = std::get_if<syntax::filter_selector>(&by))
          visit(*filter->condition);
  }

private:
  using names = std::vector<std::string>;

  // False when the segment may select members of other names.
  static bool names_of(const syntax::query& path, size_t i, names& out) {
    if (i >= path.segments.size() || path.segments[i].descendant)
      return false;
    for (const auto& by : path.segments[i].selectors) {
      auto* named = std::get_if<syntax::name_selector>(&by);
      if (!named)
        return false;
      out.push_back(named->name);
    }
    return true;
  }

  void absolute(const syntax::query& path) {
    names members;
    if (!names_of(path, 0, members))
      found.all_steps = true;
    for (const auto& name : members) {
      if (name != "steps" && name != "results") {
        found.members.insert(name);
        continue;
      }
      names ids;
      if (names_of(path, 1, ids))
        found.steps.insert(ids.begin(), ids.end());
      else
        found.all_steps = true;
    }
  }

  void visit(const syntax::logical& x) {
    std::visit([this](const auto& what) { visit_term(what); }, x.what);
  }

  template <class Terms>
  void visit_term(const Terms& x) {
    for (const auto& term : x.terms)
      visit(term);
  }

  void visit_term(const syntax::comparison& x) {
    visit_operand(x.left);
    visit_operand(x.right);
  }

  void visit_term(const syntax::query& x) {
    visit(x);
  }

  void visit_term(const syntax::call& x) {
    for (const auto& argument : x.arguments)
      visit_operand(argument);
  }

  void visit_operand(const syntax::operand& x) {
    if (auto* path = std::get_if<syntax::query>(&x.what))
      visit(*path);
    else if (auto* called = std::get_if<syntax::call>(&x.what))
      visit_term(*called);
  }
};

bool is_shorthand(std::string_view name) {
  auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && plain(name.front())
         && std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || (c >= '0' && c <= '9'); });
}

std::string member_access(std::string_view name) {
  return is_shorthand(name) ? "." + std::string{name} : "[" + json(name).dump() + "]";
}

std::string access(const syntax::selector& by) {
  if (auto* named = std::get_if<syntax::name_selector>(&by))
    return member_access(named->name);
  return "[" + std::to_string(std::get<syntax::index_selector>(by).index) + "]";
}

std::vector<std::string> names_in(const syntax::query& path) {
  std::vector<std::string> out;
  if (!path.singular())
    return out;
  for (const auto& segment : path.segments) {
    const auto* named = std::get_if<syntax::name_selector>(&segment.selectors.front());
    if (named == nullptr)
      return {};
    out.push_back(named->name);
  }
  return out;
}

std::string contents_of(const json& node) {
  constexpr size_t shown = 12;
  if (node.is_array())
    return "is an array of " + std::to_string(node.size());
  if (!node.is_object())
    return std::string{"is a "} + node.type_name();
  if (node.empty())
    return "is an empty object";
  std::string out = "has ";
  size_t count = 0;
  for (auto i = node.begin(); i != node.end() && count < shown; ++i, ++count)
    out += (count > 0 ? ", " : "") + i.key();
  return node.size() > shown ? out + ", …" : out;
}

} // namespace

struct jsonpath::query {
  std::string text;
  syntax::parsed parsed;
  references reads;
  bool singular = false;
  std::vector<std::string> names;

  static result<std::shared_ptr<const query>> parse(std::string_view text, size_t limit) {
    auto parsed = syntax::parse(text, limit);
    if (!parsed)
      return tl::unexpected{parsed.error()};
    reference_collector collector;
    collector.visit(parsed->root);
    const bool singular = parsed->root.singular();
    auto names = names_in(parsed->root);
    return std::make_shared<const query>(
        query{std::string{text}, std::move(*parsed), std::move(collector.found), singular, std::move(names)});
  }
};

jsonpath::jsonpath(std::shared_ptr<const query> q) : query_{std::move(q)} {}

result<jsonpath> jsonpath::parse(std::string_view text) {
  auto parsed = query::parse(text, text_limit);
  if (!parsed)
    return tl::unexpected{parsed.error()};
  return jsonpath{std::move(*parsed)};
}

const std::string& jsonpath::text() const {
  return query_->text;
}

bool jsonpath::singular() const {
  return query_->singular;
}

const std::vector<std::string>& jsonpath::names() const {
  return query_->names;
}

references jsonpath::reads() const {
  return query_->reads;
}

jsonpath jsonpath::rebased(std::string_view member) const {
  auto text = query_->text;
  const auto added = member_access(member);
  const auto& roots = query_->parsed.roots;
  for (auto i = roots.rbegin(); i != roots.rend(); ++i)
    text.insert(*i + 1, added);
  return jsonpath{query::parse(text, rebased_limit).value()};
}

result<std::vector<const json*>> jsonpath::select(const json& root) const {
  syntax::root_source source{root};
  syntax::evaluator run{source};
  auto found = run.select(query_->parsed.root, nullptr);
  if (run.exhausted())
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, text() + " looks at too many values");
  return found;
}

result<json> jsonpath::evaluate(const scope& in) const {
  const auto& path = query_->parsed.root;
  syntax::root_source source{in};
  if (!query_->singular) {
    syntax::evaluator run{source};
    const auto found = run.select(path, nullptr);
    if (run.exhausted())
      return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, text() + " looks at too many values");
    auto out = json::array();
    for (const auto* node : found)
      out.push_back(*node);
    return out;
  }
  const auto start = source.begin(path);
  std::string reached = "$";
  auto reach = [&](size_t segments) {
    for (size_t i = 0; i < segments; ++i)
      reached += access(path.segments[i].selectors.front());
  };
  if (!start.node) {
    reach(start.segments);
    return fail(v1::ERROR_CODE_EXPRESSION,
                text() + ": there is no " + reached + (start.segments == 2 ? " that has ended before" : " here"));
  }
  const auto* node = start.node;
  for (auto i = start.segments; i < path.segments.size(); ++i) {
    if (node->is_null())
      return json(nullptr);
    const auto& by = path.segments[i].selectors.front();
    const auto* next = syntax::child(*node, by);
    if (!next) {
      reach(i);
      return fail(v1::ERROR_CODE_EXPRESSION,
                  text() + ": " + reached + " has no " + access(by) + "; it " + contents_of(*node));
    }
    node = next;
  }
  return *node;
}

} // namespace troupe

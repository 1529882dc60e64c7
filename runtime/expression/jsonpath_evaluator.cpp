#include "runtime/expression/jsonpath_evaluator.hpp"

#include "runtime/expression/utf8.hpp"

#include <algorithm>
#include <compare>
#include <string>

namespace troupe::jsonpath_syntax {

namespace {

const std::string* single_name(const query& path, size_t i) {
  if (i >= path.segments.size() || path.segments[i].descendant || path.segments[i].selectors.size() != 1)
    return nullptr;
  auto* selected = std::get_if<name_selector>(&path.segments[i].selectors.front());
  return selected ? &selected->name : nullptr;
}

// Exact between integers, whatever their sign and width.
std::partial_ordering order(const json& a, const json& b) {
  if (!a.is_number_integer() || !b.is_number_integer())
    return a.get<double>() <=> b.get<double>();
  auto below_zero = [](const json& x) { return !x.is_number_unsigned() && x.get<int64_t>() < 0; };
  if (below_zero(a) != below_zero(b))
    return below_zero(a) ? std::partial_ordering::less : std::partial_ordering::greater;
  // Of the same sign: two's complement keeps the order.
  return a.get<uint64_t>() <=> b.get<uint64_t>();
}

/// Bytes of texts that are compared, and steps of a regular expression, that count as much as one value.
constexpr uint64_t bytes_per_value = 16;
constexpr uint64_t steps_per_value = 2;

/// Bounded by `work`: two documents of a megabyte may have to be compared for each element of a third. One value less
/// is left for each that was looked at; it is not equal when none is.
bool equal(const json* a, const json* b, uint64_t& work) {
  if (a == b || !a || !b)
    return a == b;
  if (work == 0)
    return false;
  --work;
  if (a->is_number() && b->is_number())
    return order(*a, *b) == 0;
  if (a->type() != b->type())
    return false;
  if (a->is_string())
    work -= std::min<uint64_t>(work, a->get_ref<const std::string&>().size() / bytes_per_value);
  if (!a->is_structured())
    return *a == *b;
  if (a->size() != b->size())
    return false;
  for (auto i = a->begin(), k = b->begin(); i != a->end(); ++i, ++k)
    if ((a->is_object() && i.key() != k.key()) || !equal(&*i, &*k, work))
      return false;
  return true;
}

bool less(const json* a, const json* b) {
  if (!a || !b)
    return false;
  if (a->is_number() && b->is_number())
    return order(*a, *b) < 0;
  return a->is_string() && b->is_string() && a->get_ref<const std::string&>() < b->get_ref<const std::string&>();
}

struct slice_bounds {
  int64_t lower;
  int64_t upper;
};

// RFC 9535, 2.3.4.2.2.
slice_bounds bounds(const slice_selector& slice, int64_t size) {
  auto normalize = [size](int64_t i) { return i >= 0 ? i : size + i; };
  const bool forward = slice.step >= 0;
  const auto start = normalize(slice.start.value_or(forward ? 0 : size - 1));
  const auto end = slice.end ? normalize(*slice.end) : forward ? size : -1;
  if (forward)
    return {std::clamp<int64_t>(start, 0, size), std::clamp<int64_t>(end, 0, size)};
  return {std::clamp<int64_t>(end, -1, size - 1), std::clamp<int64_t>(start, -1, size - 1)};
}

} // namespace

root_source::start root_source::begin(const query& path) {
  if (root_)
    return {root_, 0};
  const auto* first = single_name(path, 0);
  if (!first)
    return {whole(), 0};
  const bool steps = *first == "steps";
  if (!steps && *first != "results")
    return {scope_->member(*first), 1};
  if (const auto* id = single_name(path, 1))
    return {steps ? scope_->step(*id) : scope_->step_result(*id), 2};
  return {whole(), 0};
}

const json* root_source::whole() {
  if (root_)
    return root_;
  if (!document_)
    document_ = scope_->document();
  return document_.get();
}

const json* child(const json& node, const selector& by) {
  if (auto* named = std::get_if<name_selector>(&by)) {
    if (!node.is_object())
      return nullptr;
    auto found = node.find(named->name);
    return found == node.end() ? nullptr : &*found;
  }
  auto* indexed = std::get_if<index_selector>(&by);
  if (!indexed || !node.is_array())
    return nullptr;
  const auto size = static_cast<int64_t>(node.size());
  const auto i = indexed->index < 0 ? size + indexed->index : indexed->index;
  return i < 0 || i >= size ? nullptr : &node[static_cast<size_t>(i)];
}

nodes evaluator::select(const query& path, const json* current) {
  root_source::start from{current, 0};
  if (!path.relative)
    from = root_.begin(path);
  nodes now;
  if (from.node)
    now.push_back(from.node);
  nodes next;
  for (size_t i = from.segments; i < path.segments.size() && !now.empty(); ++i) {
    next.clear();
    for (const auto* node : now) {
      if (exhausted())
        return now;
      if (path.segments[i].descendant)
        descend(path.segments[i], *node, next);
      else
        apply(path.segments[i], *node, next);
    }
    now.swap(next);
  }
  return now;
}

void evaluator::put(const json& node, nodes& out) {
  if (++work_ <= work_limit)
    out.push_back(&node);
}

void evaluator::apply(const segment& step, const json& node, nodes& out) {
  for (const auto& by : step.selectors)
    apply(by, node, out);
}

// Parents before children, elements in order, as the RFC demands; a stack of our own, for documents may be deep.
void evaluator::descend(const segment& step, const json& node, nodes& out) {
  nodes pending{&node};
  while (!pending.empty() && !exhausted()) {
    const auto& next = *pending.back();
    pending.pop_back();
    ++work_;
    apply(step, next, out);
    if (!next.is_structured())
      continue;
    const auto before = pending.size();
    for (const auto& x : next)
      pending.push_back(&x);
    std::reverse(pending.begin() + static_cast<std::ptrdiff_t>(before), pending.end());
  }
}

void evaluator::apply(const selector& by, const json& node, nodes& out) {
  ++work_;
  if (std::holds_alternative<wildcard_selector>(by)) {
    if (node.is_structured())
      for (const auto& x : node)
        put(x, out);
  } else if (auto* slice = std::get_if<slice_selector>(&by)) {
    if (!node.is_array() || slice->step == 0)
      return;
    const auto [lower, upper] = bounds(*slice, static_cast<int64_t>(node.size()));
    // Steps may be as large as 2^53 and sizes are far below, so the sums cannot overflow.
    if (slice->step > 0)
      for (auto i = lower; i < upper; i += slice->step)
        put(node[static_cast<size_t>(i)], out);
    else
      for (auto i = upper; i > lower; i += slice->step)
        put(node[static_cast<size_t>(i)], out);
  } else if (auto* filtered = std::get_if<filter_selector>(&by)) {
    filter(*filtered->condition, node, out);
  } else if (auto* found = child(node, by)) {
    put(*found, out);
  }
}

void evaluator::filter(const logical& condition, const json& node, nodes& out) {
  if (!node.is_structured())
    return;
  for (const auto& x : node) {
    if (exhausted())
      return;
    ++work_;
    if (holds(condition, x))
      put(x, out);
  }
}

bool evaluator::holds(const logical& condition, const json& current) {
  auto term_holds = [&](const logical& x) { return holds(x, current); };
  if (auto* all = std::get_if<logical::all_of>(&condition.what))
    return std::all_of(all->terms.begin(), all->terms.end(), term_holds);
  if (auto* any = std::get_if<logical::any_of>(&condition.what))
    return std::any_of(any->terms.begin(), any->terms.end(), term_holds);
  if (auto* none = std::get_if<logical::none_of>(&condition.what))
    return std::none_of(none->terms.begin(), none->terms.end(), term_holds);
  if (auto* both = std::get_if<comparison>(&condition.what))
    return holds(*both, current);
  if (auto* path = std::get_if<query>(&condition.what))
    return !select(*path, &current).empty();
  return matches(std::get<call>(condition.what), current);
}

uint64_t evaluator::left() const {
  return work_ > work_limit ? 0 : work_limit - work_;
}

bool evaluator::holds(const comparison& both, const json& current) {
  const auto a = evaluate(both.left, current);
  const auto b = evaluate(both.right, current);
  const auto* x = a.get();
  const auto* y = b.get();
  if (x && y && x->is_string() && y->is_string())
    work_ +=
        std::min(x->get_ref<const std::string&>().size(), y->get_ref<const std::string&>().size()) / bytes_per_value;
  auto is_equal = [&] {
    const auto before = left();
    auto work = before;
    const bool out = equal(x, y, work);
    // One too many where it ran out, so that the selection counts as not complete.
    work_ += before - work + (work == 0 ? 1 : 0);
    return out;
  };
  switch (both.how) {
  case comparison::op::equal:
    return is_equal();
  case comparison::op::not_equal:
    return !is_equal();
  case comparison::op::less:
    return less(x, y);
  case comparison::op::less_or_equal:
    return less(x, y) || is_equal();
  case comparison::op::greater:
    return less(y, x);
  case comparison::op::greater_or_equal:
    return less(y, x) || is_equal();
  }
  return false;
}

evaluator::value evaluator::evaluate(const operand& what, const json& current) {
  if (auto* literal = std::get_if<json>(&what.what))
    return {literal, {}};
  if (auto* function = std::get_if<call>(&what.what))
    return evaluate(*function, current);
  const auto found = select(std::get<query>(what.what), &current);
  return {found.empty() ? nullptr : found.front(), {}};
}

evaluator::value evaluator::evaluate(const call& called, const json& current) {
  if (called.what == function::length) {
    const auto argument = evaluate(called.arguments[0], current);
    const auto* x = argument.get();
    if (x && x->is_string()) {
      work_ += x->get_ref<const std::string&>().size() / bytes_per_value;
      return {nullptr, json(utf8::length(x->get_ref<const std::string&>()))};
    }
    if (x && x->is_structured())
      return {nullptr, json(x->size())};
    return {};
  }
  const auto found = select(std::get<query>(called.arguments[0].what), &current);
  if (called.what == function::count)
    return {nullptr, json(found.size())};
  return {found.size() == 1 ? found.front() : nullptr, {}};
}

bool evaluator::matches(const call& called, const json& current) {
  const auto subject = evaluate(called.arguments[0], current);
  const auto* text = subject.get();
  if (!text || !text->is_string())
    return false;
  auto run = [&](const i_regexp& pattern) {
    const auto& s = text->get_ref<const std::string&>();
    const auto before = left() * steps_per_value;
    auto steps = before;
    const bool out = called.what == function::match ? pattern.match(s, steps) : pattern.search(s, steps);
    work_ += (before - steps) / steps_per_value + (steps == 0 ? 1 : 0);
    return out;
  };
  if (called.literal_pattern)
    return called.pattern && run(*called.pattern);
  const auto argument = evaluate(called.arguments[1], current);
  const auto* pattern = argument.get();
  if (!pattern || !pattern->is_string())
    return false;
  // To compile it costs about as much as to look at so many values.
  work_ += 64;
  const auto compiled = i_regexp::compile(pattern->get_ref<const std::string&>());
  return compiled && run(*compiled);
}

} // namespace troupe::jsonpath_syntax

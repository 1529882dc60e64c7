#include "runtime/language/document_builder.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

const document_member* document_node::find(std::string_view key) const {
  for (auto& m : members)
    if (m.key == key)
      return &m;
  return nullptr;
}

json to_json(const document_node& node) {
  switch (node.is) {
  case document_node::shape::scalar:
    return node.scalar;
  case document_node::shape::list: {
    auto out = json::array();
    for (auto& item : node.items)
      out.push_back(to_json(*item));
    return out;
  }
  case document_node::shape::object:
    break;
  }
  auto out = json::object();
  for (auto& m : node.members)
    out.emplace(m.key, to_json(*m.value));
  return out;
}

document_builder::document_builder(const language_limits& limits) : limits_{limits} {}

bool document_builder::expects_key() const {
  return !stack_.empty() && stack_.back().node->is == document_node::shape::object && !stack_.back().has_key;
}

bool document_builder::complete() const {
  return root_ != nullptr;
}

document_node_ptr document_builder::take() {
  return std::move(root_);
}

std::string document_builder::place() const {
  std::string out;
  for (auto& f : stack_) {
    if (f.node->is == document_node::shape::list)
      out += "[" + std::to_string(f.node->items.size()) + "]";
    else if (f.has_key)
      out += (out.empty() ? "" : ".") + f.key;
  }
  return out;
}

void document_builder::admit(size_t nodes, size_t height, source_position at) {
  if (stack_.size() + height > limits_.depth)
    throw document_fault{at, place(), "nested more than " + std::to_string(limits_.depth) + " levels deep",
                         "flatten the document"};
  if (nodes > limits_.nodes - std::min(nodes_, limits_.nodes))
    throw document_fault{at, place(),
                         "more than " + std::to_string(limits_.nodes)
                             + " values (what YAML aliases stand for counts each time)",
                         "split the document, or pass large data as the run's input"};
  nodes_ += nodes;
}

void document_builder::put(document_node_ptr node) {
  if (stack_.empty()) {
    root_ = std::move(node);
    return;
  }
  auto& f = stack_.back();
  auto& parent = *f.node;
  parent.size += node->size;
  parent.height = std::max(parent.height, node->height + 1);
  if (parent.is == document_node::shape::list) {
    parent.items.push_back(std::move(node));
  } else {
    parent.members.push_back({std::move(f.key), f.key_at, std::move(node)});
    f.has_key = false;
  }
}

void document_builder::scalar(json value, source_position at) {
  admit(1, 1, at);
  auto node = std::make_shared<document_node>();
  node->scalar = std::move(value);
  node->where = at;
  put(std::move(node));
}

void document_builder::begin(document_node::shape shape, source_position at) {
  admit(1, 1, at);
  auto node = std::make_shared<document_node>();
  node->is = shape;
  node->where = at;
  stack_.push_back({std::move(node), {}, {}, false, {}});
}

void document_builder::begin_list(source_position at) {
  begin(document_node::shape::list, at);
}

void document_builder::begin_object(source_position at) {
  begin(document_node::shape::object, at);
}

void document_builder::key(std::string text, source_position at) {
  auto& f = stack_.back();
  auto& members = f.node->members;
  // `order` holds positions of members sorted by key; positions may be one behind, never more.
  auto less = [&](size_t i, const std::string& k) { return members[i].key < k; };
  auto i = std::lower_bound(f.order.begin(), f.order.end(), text, less);
  if (i != f.order.end() && members[*i].key == text) {
    auto first = members[*i].where;
    auto path = place();
    path += (path.empty() ? "" : ".") + text;
    throw document_fault{at, path,
                         "the key \"" + text + "\" is here for the second time (first in line "
                             + std::to_string(first.line) + ")",
                         "remove or rename one of the two"};
  }
  f.order.insert(i, members.size());
  f.key = std::move(text);
  f.key_at = at;
  f.has_key = true;
}

document_node_ptr document_builder::end() {
  document_node_ptr node = std::move(stack_.back().node);
  stack_.pop_back();
  put(node);
  return node;
}

void document_builder::share(const document_node_ptr& node, source_position at) {
  admit(node->size, node->height, at);
  put(node);
}

} // namespace troupe

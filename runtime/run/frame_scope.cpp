#include "runtime/run/frame_scope.hpp"

namespace troupe {

const json* frame_scope::member(std::string_view name) const {
  if (name == "input")
    return &run_.input();
  if (name == "run")
    return &run_.run_info();
  for (auto* f = &at_; f != nullptr; f = f->parent) {
    if (f->item != nullptr) {
      if (name == "item")
        return f->item;
      if (name == "index")
        return &(made_["index"] = f->index);
    }
    if (f->turn && name == "turn")
      return &f->turn->context->value();
    if (name == "workspace") {
      if (f->rare && f->rare->workspace)
        return &f->rare->workspace->document();
      if (f->turn)
        return &f->turn->context->workspace().document();
    }
    if (f->rare && f->rare->error && name == "error")
      return f->rare->error.get();
    if (f->rare && f->rare->partial && name == "partial")
      return f->rare->partial.get();
  }
  return nullptr;
}

const lazy_json* frame_scope::whole(const std::vector<std::string>& names) const {
  if (names.size() == 1 && names[0] == "input")
    return &run_.lazy_input();
  if (names.size() == 2 && names[0] == "steps") {
    const auto* found = find(names[1]);
    return found ? &found->output : nullptr;
  }
  if (names.size() != 3 || names[0] != "workspace" || names[1] != "artifacts")
    return nullptr;
  for (auto* f = &at_; f != nullptr; f = f->parent)
    if (f->rare && f->rare->workspace)
      return f->rare->workspace->value_of(names[2]);
    else if (f->turn)
      return f->turn->context->workspace().value_of(names[2]);
  return nullptr;
}

const outcome* frame_scope::find(std::string_view id) const {
  for (auto* f = &at_; f != nullptr; f = f->parent)
    if (f->body)
      if (auto* found = f->body->child_outcome(id))
        return found;
  return nullptr;
}

const json* frame_scope::step(std::string_view id) const {
  auto* found = find(id);
  return found ? &found->output.value() : nullptr;
}

std::shared_ptr<const json> frame_scope::document() const {
  auto out = std::make_shared<json>(json{{"steps", json::object()}, {"results", json::object()}});
  for (const auto* name : {"input", "run", "item", "index", "error", "partial", "turn", "workspace"})
    if (const auto* value = member(name))
      (*out)[name] = *value;
  for (auto* f = &at_; f != nullptr; f = f->parent) {
    if (!f->body)
      continue;
    f->body->visit_outcomes([&](std::string_view id, const outcome& how) {
      // Inner steps hide outer ones of the same name, and they come first.
      auto [place, added] = (*out)["steps"].emplace(id, how.output.value());
      if (added)
        (*out)["results"].emplace(id, how.to_json());
    });
  }
  return out;
}

const json* frame_scope::step_result(std::string_view id) const {
  auto* found = find(id);
  if (found == nullptr)
    return nullptr;
  std::string key = "result ";
  key += id;
  auto i = made_.find(key);
  if (i == made_.end())
    i = made_.emplace(std::move(key), found->to_json()).first;
  return &i->second;
}

} // namespace troupe

#include "runtime/run/group_body.hpp"

#include "runtime/run/engine.hpp"
#include "runtime/run/frame_scope.hpp"

#include <functional>
#include <utility>

namespace troupe {

group_body::group_body(const group_step& definition)
    : definition_{definition}, slots_(definition.steps.size()), dependents_(definition.steps.size()) {
  for (uint32_t i = 0; i < definition.steps.size(); ++i) {
    const auto& child = definition.steps[i];
    by_id_.emplace(child.id, i);
    slots_[i].waiting = static_cast<uint32_t>(child.depends_on.size());
    for (auto other : child.depends_on)
      dependents_[other].push_back(i);
  }
}

void group_body::begin(engine& run, frame& self) {
  for (uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].waiting == 0)
      run.start_child(self, definition_.steps[i], i);
  if (slots_.empty())
    finish(run, self);
}

void group_body::child_ended(engine& run, frame& self, uint32_t slot, outcome how) {
  slots_[slot].how = std::make_unique<outcome>(std::move(how));
  const auto& mine = *slots_[slot].how;
  ++ended_;
  partial_ = partial_ || mine.partial;
  if (!mine.success() && !mine.tolerated) {
    auto failure = mine;
    const auto& id = definition_.steps[slot].id;
    // The innermost name is the useful one; outer groups add theirs in front.
    failure.why.message = "step " + id + ": " + failure.why.message;
    failure.attempts = 1;
    failure.escalated = false;
    run.body_ended(self, std::move(failure));
    return;
  }
  for (auto next : dependents_[slot])
    if (--slots_[next].waiting == 0)
      run.start_child(self, definition_.steps[next], next);
  if (ended_ == slots_.size())
    finish(run, self);
}

void group_body::finish(engine& run, frame& self) {
  outcome how;
  how.partial = partial_;
  if (definition_.output) {
    auto value = definition_.output->evaluate_lazily(frame_scope{run, self});
    if (!value) {
      run.body_ended(self, outcome::failure(value.error()));
      return;
    }
    how.output = std::move(*value);
  } else {
    // Put together as text: outputs that nobody looked into need not be parsed for this.
    std::string text = "{";
    for (const auto& [id, slot] : by_id_) {
      if (text.size() > 1)
        text += ',';
      text += '"';
      text += id; // ids are plain names and need no escaping
      text += "\":";
      text += slots_[slot].how->output.text();
    }
    text += '}';
    how.output = lazy_json{std::move(text)};
  }
  run.body_ended(self, std::move(how));
}

const outcome* group_body::child_outcome(std::string_view id) const {
  auto i = by_id_.find(id);
  return i == by_id_.end() ? nullptr : slots_[i->second].how.get();
}

void group_body::visit_outcomes(const std::function<void(std::string_view, const outcome&)>& visit) const {
  for (const auto& [id, slot] : by_id_)
    if (slots_[slot].how)
      visit(id, *slots_[slot].how);
}

uint64_t group_body::digest() const {
  uint64_t hash = ended_;
  for (const auto& slot : slots_) {
    hash = hash * 1099511628211ULL + slot.waiting;
    if (slot.how)
      hash = hash * 31 + std::hash<std::string>{}(slot.how->output.text()) + static_cast<uint64_t>(slot.how->how);
  }
  return hash;
}

} // namespace troupe

#include "runtime/report/step_tree.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr const char* running = "running";

const step* named(const std::vector<step>& steps, const std::string& id) {
  auto i = std::find_if(steps.begin(), steps.end(), [&](const step& s) { return s.id == id; });
  return i == steps.end() ? nullptr : &*i;
}

/// What follows the parent's path: "draft" of "research.draft", "mit" of "research[mit]".
std::string last_name(const std::string& path, const std::string& parent) {
  auto rest = path.substr(parent.size());
  if (rest.size() >= 2 && rest.front() == '[')
    return rest.substr(1, rest.size() - 2);
  return rest.empty() || rest.front() != '.' ? rest : rest.substr(1);
}

const step* definition_of(const step_instance& parent, const std::string& path) {
  if (!parent.definition)
    return nullptr;
  auto& definition = *parent.definition;
  auto name = last_name(path, parent.what.step);
  const step* out = nullptr;
  if (auto* group = std::get_if<group_step>(&definition.body)) {
    out = named(group->steps, name);
  } else if (auto* parallel = std::get_if<parallel_step>(&definition.body)) {
    if (path.size() > parent.what.step.size() && path[parent.what.step.size()] == '[')
      out = parallel->body ? parallel->body.get() : named(parallel->branches, name);
  } else if (auto* team = std::get_if<team_step>(&definition.body)) {
    auto role = name.substr(0, name.find(':'));
    for (auto& member : team->members)
      if (member.role == role)
        out = member.work.get();
    if (name == "selector")
      out = team->selector_agent.get();
    else if (name == "resolver")
      out = team->resolver.get();
  } else if (auto* choose = std::get_if<choose_step>(&definition.body)) {
    for (auto& choice : choose->choices)
      if (choice.body->id == name || path == parent.what.step)
        out = choice.body.get();
  }
  if (!out && definition.fallback && definition.fallback->id == name)
    out = definition.fallback.get();
  return out;
}

std::string status_name(v1::TaskStatus status) {
  switch (status) {
  case v1::TASK_STATUS_SUCCESS:
    return "success";
  case v1::TASK_STATUS_TIMED_OUT:
    return "timed_out";
  case v1::TASK_STATUS_CANCELLED:
    return "cancelled";
  case v1::TASK_STATUS_REJECTED:
    return "rejected";
  default:
    return "failed";
  }
}

} // namespace

step_tree::step_tree(const workflow& definition, int64_t began_at_ms)
    : began_at_ms_{began_at_ms}, root_{std::make_unique<step_instance>()} {
  root_->definition = &definition.root;
  root_->what.kind = "steps";
  root_->what.outcome = running;
  open_[""].push_back(root_.get());
}

void step_tree::add(const v1::RunUpdate& update) {
  auto at_ms = update.at_ms() - began_at_ms_;
  switch (update.update_case()) {
  case v1::RunUpdate::kStepStarted:
    return begin(update.step_started(), at_ms);
  case v1::RunUpdate::kStepFinished:
    return end(update.step_finished(), at_ms);
  case v1::RunUpdate::kTaskStarted:
    return begin(update.task_started(), at_ms);
  case v1::RunUpdate::kTaskEnded:
    return end(update.task_ended(), at_ms);
  default:
    return;
  }
}

step_instance& step_tree::enclosing(const std::string& path) {
  auto length = path.size();
  for (;;) {
    auto i = open_.find(path.substr(0, length));
    if (i != open_.end() && !i->second.empty())
      return *i->second.back();
    auto cut = length == 0 ? std::string::npos : path.find_last_of(".[", length - 1);
    length = cut == std::string::npos ? 0 : cut;
  }
}

void step_tree::begin(const v1::StepStarted& x, int64_t at_ms) {
  auto& parent = enclosing(x.step());
  // A fan-out that is tried again announces itself again: still the same step.
  if (parent.what.step == x.step() && parent.what.kind == x.kind() && x.kind() == "parallel")
    return;
  auto& made = *parent.children.emplace_back(std::make_unique<step_instance>());
  made.what.step = x.step();
  made.what.kind = x.kind();
  made.what.outcome = running;
  made.what.start_ms = at_ms;
  made.parent = &parent;
  made.definition = definition_of(parent, x.step());
  open_[x.step()].push_back(&made);
}

void step_tree::end(const v1::StepFinished& x, int64_t at_ms) {
  auto* ended = &enclosing(x.step());
  if (ended->what.step != x.step() || ended == root_.get()) {
    // Skipped, or failed before it began.
    v1::StepStarted begun;
    begun.set_step(x.step());
    begun.set_kind(x.kind());
    begin(begun, at_ms);
    ended = open_[x.step()].back();
  }
  ended->open = false;
  ended->what.outcome = x.outcome();
  ended->what.error = x.error();
  ended->what.partial = x.partial();
  ended->what.end_ms = at_ms;
  for (auto i : ended->attempts)
    if (attempts_[i].status == running) {
      attempts_[i].status = "cancelled";
      attempts_[i].end_ms = at_ms;
    }
  auto i = open_.find(x.step());
  i->second.pop_back();
  if (i->second.empty())
    open_.erase(i);
}

void step_tree::begin(const v1::TaskStarted& x, int64_t at_ms) {
  auto& owner = enclosing(x.step());
  // Nobody reported the end of the attempt before: who waited for it is gone.
  if (auto* before = find(x.task(), x.attempt() - 1); before && before->status == running) {
    before->status = "superseded";
    before->end_ms = at_ms;
  }
  by_number_[{x.task(), x.attempt()}] = attempts_.size();
  owner.attempts.push_back(attempts_.size());
  auto& made = attempts_.emplace_back();
  made.step = x.step();
  made.agent = x.agent();
  made.task = x.task();
  made.attempt = x.attempt();
  made.status = running;
  made.start_ms = at_ms;
}

void step_tree::end(const v1::TaskEnded& x, int64_t at_ms) {
  auto* ended = find(x.task(), x.attempt());
  if (!ended)
    return;
  ended->status = status_name(x.status());
  ended->node = x.node();
  ended->error = x.error();
  ended->end_ms = at_ms;
}

void step_tree::close(int64_t at_ms) {
  auto end_ms = at_ms - began_at_ms_;
  for (auto& [path, steps] : open_)
    for (auto* x : steps)
      x->what.end_ms = end_ms;
  for (auto& x : attempts_)
    if (x.status == running)
      x.end_ms = end_ms;
}

attempt_report* step_tree::find(uint32_t task, uint32_t attempt) {
  auto i = by_number_.find({task, attempt});
  return i == by_number_.end() ? nullptr : &attempts_[i->second];
}

} // namespace troupe

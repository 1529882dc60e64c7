#include "runtime/run/machine.hpp"

#include "runtime/run/engine.hpp"

#include <utility>

namespace troupe {

struct run_machine::impl {
  engine run;
};

run_machine::run_machine(workflow_ptr definition, bool publish_updates)
    : impl_{new impl{engine{std::move(definition), publish_updates}}} {}

run_machine::~run_machine() = default;
run_machine::run_machine(run_machine&&) noexcept = default;
run_machine& run_machine::operator=(run_machine&&) noexcept = default;

bool run_machine::accepts(const v1::RunEvent& event) const {
  return impl_->run.accepts(event);
}

std::optional<error> run_machine::refusal_of(const v1::TaskOp& op) const {
  return impl_->run.refusal_of(op);
}

void run_machine::step(const v1::RunEvent& event, std::vector<command>& out, const std::function<void()>& more) {
  impl_->run.apply(event, out, more);
}

bool run_machine::started() const {
  return impl_->run.started();
}

bool run_machine::finished() const {
  return impl_->run.finished();
}

const finish_run& run_machine::outcome() const {
  return impl_->run.result();
}

size_t run_machine::tasks_in_flight() const {
  return impl_->run.tasks_in_flight();
}

uint32_t run_machine::tasks() const {
  return impl_->run.tasks();
}

uint64_t run_machine::digest() const {
  return impl_->run.digest();
}

std::vector<v1::RunUpdate> run_machine::snapshot() const {
  return impl_->run.snapshot();
}

void run_machine::publish_at_most(uint64_t updates) {
  impl_->run.publish_at_most(updates);
}

bool run_machine::updates_missed() const {
  return impl_->run.updates_missed();
}

result<team_place> run_machine::find_team(const std::string& step) const {
  return std::as_const(impl_->run).teams().find(step);
}

result<workspace_shown> run_machine::show_workspace(const std::string& step) {
  return impl_->run.teams().show(step);
}

} // namespace troupe

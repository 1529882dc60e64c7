#include "runtime/run/run_beginning.hpp"

#include "runtime/run/machine.hpp"

#include <utility>

namespace troupe {

void run_beginning::add(const v1::RunEvent& event) {
  if (!complete_)
    return;
  auto one = std::make_shared<v1::AppendEvents>();
  *one->add_events() = event;
  add(std::move(one));
}

void run_beginning::add(std::shared_ptr<const v1::AppendEvents> events) {
  if (!complete_)
    return;
  events_ += static_cast<size_t>(events->events_size());
  if (events_ <= most_.events)
    bytes_ += events->ByteSizeLong();
  if (events_ > most_.events || bytes_ > most_.bytes)
    return give_up();
  kept_.push_back(std::move(events));
}

void run_beginning::give_up() {
  complete_ = false;
  kept_.clear();
}

std::optional<std::vector<v1::RunUpdate>> run_beginning::updates(const workflow_ptr& definition, uint64_t seq) const {
  if (!complete_ || seq > events_)
    return std::nullopt;
  run_machine again{definition, false};
  again.publish_at_most(most_.updates);
  std::vector<v1::RunUpdate> out;
  std::vector<command> commands;
  auto collect = [&] {
    for (auto& x : commands)
      if (auto* update = std::get_if<publish_update>(&x)) {
        update->update.set_seq(out.size() + 1);
        out.push_back(std::move(update->update));
      }
    commands.clear();
  };
  for (const auto& part : kept_)
    for (const auto& event : part->events()) {
      if (seq-- == 0)
        return out;
      again.step(event, commands, collect);
      collect();
      if (again.updates_missed())
        return std::nullopt;
    }
  return out;
}

} // namespace troupe

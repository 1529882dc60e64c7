#include "runtime/journal/memory_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace troupe {

namespace {

/// What a run takes besides the bytes of its events, and each of its events.
constexpr size_t bytes_per_run = 1'024;
constexpr size_t bytes_per_event = 48;

bool has_ended(const v1::RunSummary& run) {
  return run.state() > v1::RUN_STATE_RUNNING;
}

} // namespace

memory_store::memory_store(owner_alive_fn owner_alive, size_t ended_bytes)
    : owner_alive_{std::move(owner_alive)}, most_ended_bytes_{ended_bytes} {}

void memory_store::add(run_record& run, const v1::RunEvent& event) {
  run.events.push_back(event.SerializeAsString());
  run.bytes += run.events.back().size() + bytes_per_event;
}

void memory_store::trim() {
  while (ended_bytes_ + definition_bytes_ > most_ended_bytes_ && ended_.size() > 1) {
    auto run = runs_.find(ended_.front());
    ended_bytes_ -= run->second.bytes;
    auto definition = definitions_.find(run->second.summary.definition_hash());
    if (--definition->second.runs == 0) {
      definition_bytes_ -= definition->second.text.size();
      definitions_.erase(definition);
    }
    runs_.erase(run);
    ended_.pop_front();
    ++dropped_;
  }
}

tl::unexpected<error> memory_store::not_kept(const std::string& run_id) const {
  auto why = no_such_run(run_id).value();
  if (dropped_ > 0)
    why.message +=
        fmt::format(". {} runs that have ended are no longer kept: without a directory for data, the newest are, "
                    "up to {} MiB of events",
                    dropped_, most_ended_bytes_ >> 20);
  return tl::unexpected{std::move(why)};
}

run_head memory_store::run_record::head() const {
  return {.epoch = summary.epoch(), .last_seq = events.size(), .owner = summary.owner()};
}

result<std::vector<result<v1::EventsAppended>>> memory_store::append(std::span<const v1::AppendEvents* const> batch) {
  if (auto ok = enter(); !ok)
    return tl::unexpected(ok.error());
  std::vector<result<v1::EventsAppended>> out;
  out.reserve(batch.size());
  for (const auto* entry : batch) {
    auto i = runs_.find(entry->run_id());
    if (i == runs_.end()) {
      out.emplace_back(not_kept(entry->run_id()));
      continue;
    }
    auto& run = i->second;
    auto admitted = admit_append(run.head(), *entry);
    if (!admitted) {
      out.emplace_back(tl::unexpected(admitted.error()));
      continue;
    }
    auto same = [](const v1::RunEvent& a, const std::string& b) { return a.SerializeAsString() == b; };
    if (!std::equal(entry->events().begin(), entry->events().begin() + admitted->known,
                    run.events.begin() + static_cast<std::ptrdiff_t>(entry->first_seq() - 1), same)) {
      out.emplace_back(other_events(*entry));
      continue;
    }
    auto had_ended = has_ended(run.summary);
    auto bytes = run.bytes;
    for (auto k = admitted->known; k < entry->events_size(); ++k)
      add(run, entry->events(k));
    if (entry->has_summary()) {
      run.summary.set_state(entry->summary().state());
      run.summary.set_finished_at_ms(entry->summary().finished_at_ms());
      run.summary.set_error(entry->summary().error());
    }
    if (had_ended) {
      ended_bytes_ += run.bytes - bytes;
    } else if (has_ended(run.summary)) {
      ended_.push_back(entry->run_id());
      ended_bytes_ += run.bytes;
    }
    v1::EventsAppended done;
    done.set_run_id(entry->run_id());
    done.set_last_seq(admitted->last_seq);
    out.emplace_back(std::move(done));
  }
  trim();
  ++commits_;
  return out;
}

result<v1::RunSummary> memory_store::create(const v1::CreateRun& request) {
  if (auto ok = enter(); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = check_create(request); !ok)
    return tl::unexpected(ok.error());
  const auto& summary = request.summary();
  if (auto i = runs_.find(summary.run_id()); i != runs_.end())
    return i->second.summary;
  auto [definition, fresh] =
      definitions_.try_emplace(summary.definition_hash(), kept_definition{request.definition(), 0});
  if (!fresh && definition->second.text != request.definition())
    return definition_differs(summary.definition_hash());
  ++definition->second.runs;
  definition_bytes_ += fresh ? request.definition().size() : 0;
  auto& run = runs_[summary.run_id()];
  run = {.summary = summary, .events = {}, .number = ++created_, .bytes = bytes_per_run};
  for (const auto& event : request.events())
    add(run, event);
  ++commits_;
  return summary;
}

result<v1::RunSummary> memory_store::claim(const v1::ClaimRun& request) {
  if (auto ok = enter(); !ok)
    return tl::unexpected(ok.error());
  auto i = runs_.find(request.run_id());
  if (i == runs_.end())
    return not_kept(request.run_id());
  auto epoch = admit_claim(i->second.head(), request, owner_alive_);
  if (!epoch)
    return tl::unexpected(epoch.error());
  i->second.summary.set_epoch(*epoch);
  i->second.summary.set_owner(request.owner());
  ++commits_;
  return i->second.summary;
}

result<v1::RunDetails> memory_store::load(const std::string& run_id) {
  if (auto ok = enter(); !ok)
    return tl::unexpected(ok.error());
  auto i = runs_.find(run_id);
  if (i == runs_.end())
    return not_kept(run_id);
  v1::RunDetails out;
  *out.mutable_summary() = i->second.summary;
  out.set_definition(definitions_.at(i->second.summary.definition_hash()).text);
  for (const auto& event : i->second.events)
    out.add_events()->ParseFromString(event);
  return out;
}

result<v1::RunList> memory_store::list(uint32_t limit, bool unfinished_only) {
  if (auto ok = enter(); !ok)
    return tl::unexpected(ok.error());
  std::vector<const run_record*> found;
  for (const auto& [id, run] : runs_)
    if (!unfinished_only || !has_ended(run.summary))
      found.push_back(&run);
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return std::tuple{a->summary.created_at_ms(), a->number} > std::tuple{b->summary.created_at_ms(), b->number};
  });
  found.resize(std::min<size_t>(found.size(), limit == 0 ? default_list_limit : limit));
  v1::RunList out;
  for (const auto* run : found)
    *out.add_runs() = run->summary;
  return out;
}

void memory_store::fail_next(size_t calls, error with) {
  failures_due_ = calls;
  failure_ = std::move(with);
}

error memory_store::disk_full() {
  return {v1::ERROR_CODE_STORE, "the disk is full; free some space, then try again", true};
}

result<void> memory_store::enter() {
  if (failures_due_ == 0)
    return {};
  --failures_due_;
  return tl::unexpected(failure_);
}

} // namespace troupe

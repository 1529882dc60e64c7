// What a workspace looks like: to its members, in reports, and to whoever compares two of them.
#include "runtime/team/team_time.hpp"
#include "runtime/team/workspace.hpp"

#include <functional>
#include <utility>

namespace troupe {

namespace {

/// Entries of the log that a snapshot shows.
constexpr size_t shown_log = 50;

/// The text of an array of them. Each is printed once.
template <class Iterator>
std::string list_of(Iterator first, Iterator last) {
  size_t length = 2;
  for (auto entry = first; entry != last; ++entry)
    length += entry->text().size() + 1;
  std::string out;
  out.reserve(length);
  out += '[';
  for (auto entry = first; entry != last; ++entry) {
    if (entry != first)
      out += ',';
    out += entry->text();
  }
  return out += ']';
}

} // namespace

std::shared_ptr<const workspace_snapshot> workspace::snapshot() const {
  if (known_.whole)
    return known_.whole;
  if (!known_.about)
    known_.about = std::make_shared<const lazy_json>(json{{"id", id_}, {"created", created_}, {"task", task_}});
  if (!known_.said) {
    // One text: every member that is told takes it as a whole.
    auto first = log_.begin() + static_cast<ptrdiff_t>(earlier_messages());
    known_.said = std::make_shared<const workspace_snapshot::talk>(
        workspace_snapshot::talk{lazy_json{decisions_}, lazy_json{questions_}, lazy_json{list_of(first, log_.end())}});
  }
  if (!known_.artifacts) {
    std::vector<workspace_snapshot::artifact> now;
    now.reserve(artifacts_.size());
    for (const auto& [name, x] : artifacts_) {
      workspace_snapshot::artifact shown{name, 0, {}, 0, {}};
      if (!x.versions.empty()) {
        const auto& newest = x.versions.back();
        shown = {name, newest.version, newest.author, newest.bytes, newest.value};
      }
      now.push_back(std::move(shown));
    }
    known_.artifacts = std::make_shared<const std::vector<workspace_snapshot::artifact>>(std::move(now));
  }
  known_.whole = std::make_shared<const workspace_snapshot>(workspace_snapshot::parts{
      known_.about, known_.said, known_.artifacts, phase_, iteration_, turn_, last_role_, limits_.inline_bytes});
  return known_.whole;
}

size_t workspace::earlier_messages() const {
  return log_.size() > shown_log ? log_.size() - shown_log : 0;
}

json workspace::changes() const {
  auto out = json::array();
  for (const auto& [name, x] : artifacts_)
    for (const auto& v : x.versions) {
      json entry{{"artifact", name},
                 {"version", v.version},
                 {"author", v.author},
                 {"timestamp", iso_time(v.at_ms)},
                 {"bytes", v.bytes}};
      if (!v.conflict.empty())
        entry["conflict"] = v.conflict;
      out.push_back(std::move(entry));
    }
  return out;
}

uint64_t workspace::digest() const {
  uint64_t hash = writes_;
  auto mix = [&](uint64_t value) { hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2); };
  for (const auto& [name, x] : artifacts_) {
    mix(std::hash<std::string>{}(name));
    for (const auto& v : x.versions) {
      mix(v.version);
      mix(std::hash<std::string>{}(v.author));
    }
    if (!x.versions.empty())
      mix(std::hash<std::string>{}(x.versions.back().value.text()));
  }
  mix(decisions_.size());
  mix(questions_.size());
  mix(entries_);
  mix(iteration_);
  mix(turn_);
  return hash;
}

} // namespace troupe

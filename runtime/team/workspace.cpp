#include "runtime/team/workspace.hpp"

#include "runtime/agents/json_text.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/team/artifact_name.hpp"
#include "runtime/team/team_time.hpp"
#include "runtime/team/turn_context.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe {

namespace {

constexpr size_t longest_name = 128;

/// Of a question, which may come from a document that somebody else wrote.
std::string id_of(const json& question) {
  auto i = question.is_object() ? question.find("id") : question.end();
  return question.is_object() && i != question.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

} // namespace

workspace::workspace(std::string id, int64_t created_ms, const team_limits& limits)
    : id_{std::move(id)}, created_{iso_time(created_ms)}, limits_{limits} {}

result<void> workspace::seed(const json& document, int64_t now_ms) {
  if (!document.is_object())
    return fail(v1::ERROR_CODE_INVALID_INPUT, std::string{"a workspace is an object; this is "} + document.type_name());
  // Members are told of it as a part of their input.
  if (is_deeper(document, max_payload_depth - 1))
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "the workspace is nested deeper than " + std::to_string(max_payload_depth - 1) + " levels");
  auto list_at = [&](const char* key) -> result<json> {
    auto i = document.find(key);
    if (i == document.end() || i->is_null())
      return json::array();
    if (!i->is_array())
      return fail(v1::ERROR_CODE_INVALID_INPUT, std::string{"workspace."} + key + " must be a list");
    return *i;
  };
  for (auto& [key, value] : document.items()) {
    static const std::vector<std::string> known = {"id",      "created",        "task",           "artifacts",
                                                   "goal",    "decisions_made", "open_questions", "communication_log",
                                                   "task_id", "current_phase",  "iteration"};
    if (std::find(known.begin(), known.end(), key) == known.end())
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  "workspace has no member \"" + key.substr(0, longest_name)
                      + "\"; it has id, created, task, artifacts, decisions_made, open_questions, communication_log, "
                        "current_phase, iteration");
  }
  for (auto [key, into] : {std::pair{"id", &id_}, std::pair{"created", &created_}})
    if (auto i = document.find(key);
        i != document.end() && i->is_string() && i->get_ref<const std::string&>().size() <= longest_name)
      *into = i->get<std::string>();
  // The shorter form of the source material.
  for (auto [key, member] : {std::pair{"goal", "goal"}, std::pair{"task_id", "id"}})
    if (auto i = document.find(key); i != document.end() && !i->is_null())
      task_[member] = *i;
  if (auto i = document.find("task"); i != document.end() && i->is_object())
    for (auto& [key, value] : i->items())
      task_[key] = value;
  if (auto i = document.find("artifacts"); i != document.end() && !i->is_null()) {
    if (!i->is_object())
      return fail(v1::ERROR_CODE_INVALID_INPUT, "workspace.artifacts must be an object of values by name");
    for (auto& [name, value] : i->items()) {
      if (!is_artifact_name(name))
        return fail(v1::ERROR_CODE_INVALID_INPUT,
                    "workspace.artifacts: \"" + name.substr(0, longest_name) + "\" is no name; use A-Z a-z 0-9 _ - .");
      if (value.is_null()) {
        artifacts_[name];
        continue;
      }
      auto done = append(name, lazy_json{json(value)}, "", "", now_ms);
      if (!done)
        return tl::unexpected<error>(done.error());
    }
  }
  auto decisions = list_at("decisions_made");
  auto questions = list_at("open_questions");
  auto log = list_at("communication_log");
  for (auto* list : {&decisions, &questions, &log})
    if (!*list)
      return tl::unexpected<error>(list->error());
  if (decisions->size() + questions->size() + log->size() > limits_.messages)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "the workspace begins with more than " + std::to_string(limits_.messages) + " entries");
  auto bytes = print_json(*decisions).size() + print_json(*questions).size() + print_json(*log).size();
  if (bytes > limits_.workspace_bytes)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "the workspace begins with entries of more than " + std::to_string(limits_.workspace_bytes) + " bytes");
  entries_ = static_cast<uint32_t>(decisions->size() + questions->size() + log->size());
  entry_bytes_ = bytes;
  decisions_ = std::move(*decisions);
  questions_ = std::move(*questions);
  log_.clear();
  for (auto& entry : *log)
    log_.emplace_back(std::move(entry));
  known_.clear();
  return {};
}

void workspace::set_task(json task) {
  if (task.is_object())
    for (auto& [key, value] : task.items())
      task_[key] = value;
  known_.clear();
}

uint64_t workspace::version_of(const std::string& name) const {
  auto i = artifacts_.find(name);
  return i == artifacts_.end() || i->second.versions.empty() ? 0 : i->second.versions.back().version;
}

const artifact_version* workspace::find(const std::string& name, uint64_t version) const {
  auto i = artifacts_.find(name);
  if (i == artifacts_.end() || i->second.versions.empty())
    return nullptr;
  if (version == 0)
    return &i->second.versions.back();
  // Dense, so that the place follows from the number.
  const auto& kept = i->second.versions;
  auto first = kept.front().version;
  return version < first || version - first >= kept.size() ? nullptr : &kept[version - first];
}

const std::deque<artifact_version>* workspace::history(const std::string& name) const {
  auto i = artifacts_.find(name);
  return i == artifacts_.end() ? nullptr : &i->second.versions;
}

std::map<std::string, uint64_t> workspace::versions() const {
  std::map<std::string, uint64_t> out;
  for (const auto& [name, x] : artifacts_)
    out.emplace(name, x.versions.empty() ? 0 : x.versions.back().version);
  return out;
}

result<artifact_written> workspace::append(const std::string& name, lazy_json value, const std::string& author,
                                           const char* conflict, int64_t now_ms) {
  if (!is_artifact_name(name))
    return fail(v1::ERROR_CODE_INVALID_INPUT, "\"" + name.substr(0, longest_name)
                                                  + "\" is no name of an artifact; use up to 128 of A-Z a-z 0-9 _ - .");
  auto i = artifacts_.find(name);
  if (i == artifacts_.end() && artifacts_.size() >= limits_.artifacts)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "the workspace has " + std::to_string(limits_.artifacts) + " artifacts, and no more are allowed");
  // It is JSON already: what else there could be is that it is too deep.
  if (may_be_deeper(value.text(), max_told_depth) && check_json(value.text(), max_told_depth))
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "artifact " + name + " would be nested deeper than " + std::to_string(max_told_depth) + " levels");
  auto bytes = value.text().size();
  if (bytes > limits_.artifact_bytes)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "artifact " + name + " would have " + std::to_string(bytes) + " bytes; the limit is "
                    + std::to_string(limits_.artifact_bytes) + ": put a reference (a path, a URL) in its place");
  const auto* old = i == artifacts_.end() || i->second.versions.empty() ? nullptr : &i->second.versions.back();
  if (bytes_ - (old ? old->bytes : 0) + bytes > limits_.workspace_bytes)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "the workspace would have more than " + std::to_string(limits_.workspace_bytes) + " bytes");
  artifact_written out{old ? old->version + 1 : 1, bytes, conflict};
  ++writes_;
  change(workspace_change::written{name, {out.version, author, now_ms, bytes, std::move(value), conflict}});
  return out;
}

// -- talk -------------------------------------------------------------------------------------------------------------

result<void> workspace::room_for(size_t entries, size_t bytes) const {
  if (entry_bytes_ + bytes > limits_.workspace_bytes)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "what the team has said would have more than " + std::to_string(limits_.workspace_bytes)
                    + " bytes (workspace_bytes): put long texts into artifacts, and name those");
  if (entries_ + entries > limits_.messages)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the team has exchanged " + std::to_string(entries_)
                                                       + " messages, and no more than "
                                                       + std::to_string(limits_.messages) + " are allowed");
  return {};
}

result<std::string> workspace::decide(const std::string& by, json decision, const std::string& reason,
                                      const std::string& question, int64_t now_ms) {
  if (!question.empty()
      && std::none_of(questions_.begin(), questions_.end(), [&](const json& q) { return id_of(q) == question; }))
    return fail(v1::ERROR_CODE_NOT_FOUND, "there is no open question \"" + question.substr(0, longest_name) + "\"");
  auto id = "dec-" + std::to_string(last_decision_ + 1);
  json entry{{"id", id},
             {"by", by},
             {"decision", std::move(decision)},
             {"timestamp", iso_time(now_ms)},
             {"phase", phase_},
             {"iteration", iteration_}};
  if (!reason.empty())
    entry["reason"] = reason;
  if (!question.empty())
    entry["question"] = question;
  if (auto room = room_for(1, print_json(entry).size()); !room)
    return tl::unexpected<error>(room.error());
  ++last_decision_;
  if (!question.empty())
    close_question(question);
  change(workspace_change::decided{std::move(entry)});
  return id;
}

result<std::string> workspace::ask(const std::string& by, const std::string& question, int64_t now_ms) {
  auto id = "q-" + std::to_string(last_question_ + 1);
  json entry{{"id", id}, {"by", by}, {"question", question}, {"timestamp", iso_time(now_ms)}};
  if (auto room = room_for(1, print_json(entry).size()); !room)
    return tl::unexpected<error>(room.error());
  ++last_question_;
  change(workspace_change::asked{std::move(entry)});
  return id;
}

bool workspace::close_question(const std::string& id) {
  auto known = std::any_of(questions_.begin(), questions_.end(), [&](const json& q) { return id_of(q) == id; });
  if (known)
    change(workspace_change::settled{id});
  return known;
}

result<void> workspace::note(const std::string& by, const std::string& text, int64_t now_ms) {
  return log(
      lazy_json{print_json(json{{"timestamp", iso_time(now_ms)}, {"from", by}, {"type", "note"}, {"content", text}})});
}

result<void> workspace::log(const team_message& message) {
  return log(lazy_json{to_text(message)});
}

result<void> workspace::log(lazy_json entry) {
  if (auto room = room_for(1, entry.text().size()); !room)
    return room;
  change(workspace_change::logged{std::move(entry)});
  return {};
}

void workspace::set_progress(const std::string& phase, uint32_t iteration, uint32_t turn, const std::string& last_role,
                             const std::string& on_turn) {
  if (phase != phase_ || iteration != iteration_ || turn != turn_ || last_role != last_role_)
    change(workspace_change::progressed{phase, iteration, turn, last_role, on_turn});
}

void workspace::end(team_end how) {
  change(std::move(how));
}

// -- changes ----------------------------------------------------------------------------------------------------------

template <class T>
void workspace::change(T x) {
  ++seq_;
  if (followed_)
    changes_.push_back({seq_, x});
  make(std::move(x));
}

void workspace::apply(const workspace_change& change) {
  if (change.seq <= seq_)
    return;
  seq_ = change.seq;
  std::visit([this](const auto& x) { make(x); }, change.what);
}

void workspace::make(workspace_change::written x) {
  auto& history = artifacts_[x.artifact].versions;
  bytes_ -= history.empty() ? 0 : history.back().bytes;
  bytes_ += x.now.bytes;
  history.push_back(std::move(x.now));
  while (history.size() > std::max<uint32_t>(1, limits_.history))
    history.pop_front();
  last_written_ = std::move(x.artifact);
  known_.artifacts.reset();
  known_.whole.reset();
}

void workspace::make(workspace_change::logged x) {
  ++entries_;
  entry_bytes_ += x.entry.text().size();
  log_.emplace_back(std::move(x.entry));
  known_.said.reset();
  known_.whole.reset();
}

void workspace::make(workspace_change::decided x) {
  ++entries_;
  entry_bytes_ += print_json(x.entry).size();
  decisions_.push_back(std::move(x.entry));
  known_.said.reset();
  known_.whole.reset();
}

void workspace::make(workspace_change::asked x) {
  ++entries_;
  entry_bytes_ += print_json(x.entry).size();
  questions_.push_back(std::move(x.entry));
  known_.said.reset();
  known_.whole.reset();
}

void workspace::make(workspace_change::settled x) {
  auto i = std::find_if(questions_.begin(), questions_.end(), [&](const json& q) { return id_of(q) == x.question; });
  if (i != questions_.end())
    questions_.erase(i);
  known_.said.reset();
  known_.whole.reset();
}

void workspace::make(workspace_change::progressed x) {
  phase_ = std::move(x.phase);
  iteration_ = x.iteration;
  turn_ = x.turn;
  last_role_ = std::move(x.last_role);
  known_.whole.reset();
}

void workspace::make(team_end x) {
  ended_ = std::move(x);
}

} // namespace troupe

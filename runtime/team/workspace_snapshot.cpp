#include "runtime/team/workspace_snapshot.hpp"

#include "runtime/core/json_io.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

json reference_to(const workspace_snapshot::artifact& x) {
  return {{"$artifact", x.name}, {"version", x.version}, {"bytes", x.bytes}};
}

/// The members of a printed object that is not empty.
std::string_view inside(const std::string& object) {
  return std::string_view{object}.substr(1, object.size() - 2);
}

} // namespace

json workspace_snapshot::with(bool large) const {
  auto out = all_.about->value();
  out["decisions_made"] = all_.said->decisions.value();
  out["open_questions"] = all_.said->questions.value();
  out["communication_log"] = all_.said->log.value();
  auto& artifacts = out["artifacts"] = json::object();
  auto& versions = out["versions"] = json::object();
  for (const auto& x : *all_.artifacts) {
    artifacts[x.name] = large || is_shown(x) ? x.value.value() : reference_to(x);
    versions[x.name] = x.version;
  }
  out["current_phase"] = all_.phase;
  out["iteration"] = all_.iteration;
  out["turn"] = all_.turn;
  out["last_role"] = all_.last_role;
  return out;
}

const json& workspace_snapshot::document() const {
  if (!document_)
    document_ = std::make_shared<const json>(with(true));
  return *document_;
}

const json& workspace_snapshot::shown() const {
  if (std::all_of(all_.artifacts->begin(), all_.artifacts->end(), [this](const auto& x) { return is_shown(x); }))
    return document();
  if (!shown_)
    shown_ = std::make_shared<const json>(with(false));
  return *shown_;
}

void workspace_snapshot::append_shown(std::string& out) const {
  const auto& decisions = all_.said->decisions.text();
  const auto& questions = all_.said->questions.text();
  const auto& log = all_.said->log.text();
  const auto about = inside(all_.about->text());
  // Long texts grow once.
  constexpr size_t names = 300;
  auto length = out.size() + names + decisions.size() + questions.size() + about.size() + log.size();
  for (const auto& x : *all_.artifacts)
    length += 3 * x.name.size() + (is_shown(x) ? x.value.text().size() : 0) + names / 4;
  out.reserve(length);
  auto each = [&out, &all = *all_.artifacts](auto append) {
    auto first = true;
    for (const auto& x : all) {
      if (!std::exchange(first, false))
        out += ',';
      append_json(x.name, out);
      out += ':';
      append(x);
    }
  };
  out += "{\"artifacts\":{";
  each([&](const artifact& x) { out += is_shown(x) ? x.value.text() : print_json(reference_to(x)); });
  out += "},\"communication_log\":";
  out += log;
  out += ",\"decisions_made\":";
  out += decisions;
  out += ",\"open_questions\":";
  out += questions;
  out += ',';
  out += about;
  out += ",\"current_phase\":";
  append_json(all_.phase, out);
  out += ",\"iteration\":" + std::to_string(all_.iteration);
  out += ",\"last_role\":";
  append_json(all_.last_role, out);
  out += ",\"turn\":" + std::to_string(all_.turn);
  out += ",\"versions\":{";
  each([&](const artifact& x) { out += std::to_string(x.version); });
  out += "}}";
}

const lazy_json* workspace_snapshot::value_of(std::string_view name) const {
  auto i = std::lower_bound(all_.artifacts->begin(), all_.artifacts->end(), name,
                            [](const artifact& x, std::string_view wanted) { return x.name < wanted; });
  return i != all_.artifacts->end() && i->name == name ? &i->value : nullptr;
}

std::string workspace_snapshot::index_text() const {
  std::string out = "[";
  for (const auto& x : *all_.artifacts) {
    if (x.version == 0)
      continue;
    out += out.size() > 1 ? ",{" : "{";
    out += "\"author\":" + print_json(x.author) + ",\"bytes\":" + std::to_string(x.bytes);
    out += ",\"name\":" + print_json(x.name) + ",\"version\":" + std::to_string(x.version) + '}';
  }
  return out + ']';
}

} // namespace troupe

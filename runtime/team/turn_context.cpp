#include "runtime/team/turn_context.hpp"

#include "runtime/core/json_io.hpp"

#include <utility>

namespace troupe {

json introduction_of(const team_member& who) {
  json out{{"role", who.role}};
  if (!who.expertise.empty())
    out["expertise"] = who.expertise;
  if (!who.responsibilities.empty())
    out["responsibilities"] = who.responsibilities;
  if (!who.ask_when.empty())
    out["ask_when"] = who.ask_when;
  if (!who.tools.empty())
    out["tools"] = who.tools;
  return out;
}

std::string member_text(const team_step& team, const team_member& who, const std::string& team_id, json teammates) {
  auto x = introduction_of(who);
  x["team"] = team_id;
  x["goal"] = team.goal;
  x["max_iterations"] = team.max_iterations;
  if (!who.archetype.empty())
    x["archetype"] = who.archetype;
  if (!who.capabilities.empty())
    x["capabilities"] = who.capabilities;
  x["teammates"] = std::move(teammates);
  return print_json(x);
}

std::string turn_context::text() const {
  auto out = *all_.member;
  out.pop_back();
  auto add = [&out](const char* name, const std::string& printed) {
    out += ",\"";
    out += name;
    out += "\":";
    out += printed;
  };
  add("kind", all_.question ? "\"answer\"" : "\"turn\"");
  add("phase", print_json(all_.phase));
  add("iteration", std::to_string(all_.iteration));
  add("turn", std::to_string(all_.turn));
  add("artifacts", all_.workspace->index_text());
  add("inbox", print_json(all_.inbox));
  if (!all_.feedback.is_null())
    add("feedback", print_json(all_.feedback));
  if (all_.question) {
    add("question", to_text(*all_.question));
  } else {
    if (!all_.writes.empty())
      add("writes", print_json(all_.writes));
    if (all_.reviews)
      add("reviews", "true");
    if (!all_.refused.empty())
      add("refused", print_json(all_.refused));
  }
  out += ",\"workspace\":";
  all_.workspace->append_shown(out);
  out += '}';
  return out;
}

const json& turn_context::value() const {
  if (!value_)
    value_ = read_json(text());
  return *value_;
}

} // namespace troupe

#include "tests/sim/member.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::sim {

namespace {

json parsed(const std::string& text) {
  auto out = json::parse(text, nullptr, false);
  return out.is_discarded() ? json{} : out;
}

std::string text_at(const json& x, const char* key) {
  auto i = x.is_object() ? x.find(key) : x.end();
  return x.is_object() && i != x.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

uint64_t hash_of(const std::string& text) {
  uint64_t out = 0xcbf29ce484222325ULL;
  for (auto c : text)
    out = (out ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return out;
}

json union_of(const json& a, const json& b) {
  if (!a.is_object() || !b.is_object())
    return b;
  auto out = a;
  out.update(b);
  return out;
}

constexpr std::array everybody = {"a", "b", "c", "judge"};

} // namespace

std::string chosen_role(random_source& dice) {
  if (dice.unit() < 0.2)
    return "null";
  return fmt::format(R"({{"next":"{}"}})", everybody[dice.below(3)]);
}

std::string settled_value(const std::string& input) {
  auto x = parsed(input);
  return x.is_object() ? union_of(x["current"], x["proposed"]).dump() : "null";
}

// -- what it means to do ----------------------------------------------------------------------------------------------

member::member(uint64_t seed, const v1::Task& task, size_t most_acts)
    : context_(parsed(task.turn().context().empty() ? task.input().data() : task.turn().context())),
      role_{task.turn().role()}, answers_{task.turn().answering()}, task_{task.task()}, attempt_{task.attempt()} {
  if (context_.is_object() && context_.contains("artifacts"))
    for (const auto& x : context_["artifacts"])
      known_[text_at(x, "name")].version = x.value("version", uint64_t{0});
  if (context_.is_object() && context_.contains("workspace"))
    for (auto& [name, value] : context_["workspace"]["artifacts"].items())
      if (value.is_object())
        known_[name].value = value;
  make_plan(seed ^ hash_of(task.run_id()), task.task(), task.attempt());
  plan_.resize(std::min(plan_.size(), most_acts));
}

member::act member::draw(random_source& dice, uint32_t nonce) const {
  act out;
  out.nonce = nonce;
  auto x = dice.unit();
  if (answers_)
    // Half of it is not its to do.
    out.what = x < 0.4    ? deed::ask
               : x < 0.5  ? deed::note
               : x < 0.6  ? deed::notify
               : x < 0.7  ? deed::look_around
               : x < 0.85 ? deed::write
               : x < 0.95 ? deed::decide
                          : deed::handoff;
  else
    out.what = x < 0.28   ? deed::write
               : x < 0.36 ? deed::write_late
               : x < 0.38 ? deed::write_ahead
               : x < 0.46 ? deed::decide
               : x < 0.51 ? deed::raise
               : x < 0.55 ? deed::note
               : x < 0.63 ? deed::notify
               : x < 0.83 ? deed::ask
               : x < 0.88 ? deed::answer
               : x < 0.95 ? deed::handoff
               : x < 0.98 ? deed::look_around
                          : deed::miscount;
  out.dice = dice.next();
  return out;
}

void member::make_plan(uint64_t seed, uint32_t task, uint32_t attempt) {
  random_source dice{seed ^ uint64_t{task} << 32};
  dice.next();
  auto most = answers_ ? 2U : 5U;
  auto length = dice.unit() < (answers_ ? 0.6 : 0.1) ? 0 : 1 + dice.below(most);
  uint32_t asks = 0;
  auto add = [&](act x) {
    // A member that waits for others all the time runs out of time itself.
    if (x.what == deed::ask && ++asks > 2)
      x.what = deed::note;
    plan_.push_back(x);
  };
  for (uint64_t i = 0; i < length; ++i)
    add(draw(dice, 0));
  output_dice_ = dice.next();
  for (uint32_t a = 2; a <= attempt; ++a) {
    random_source later{seed ^ (uint64_t{task} << 32 | a)};
    later.next();
    if (later.unit() >= 0.15)
      continue;
    plan_.resize(later.below(plan_.size() + 1));
    asks = static_cast<uint32_t>(
        std::count_if(plan_.begin(), plan_.end(), [](const act& x) { return x.what == deed::ask; }));
    for (auto more = later.below(most); more > 0; --more)
      add(draw(later, a));
    output_dice_ = later.next();
  }
}

// -- what it does -----------------------------------------------------------------------------------------------------

void member::fold(uint64_t x) {
  trail_ = (trail_ ^ x) * 0x9e3779b97f4a7c15ULL;
  trail_ ^= trail_ >> 29;
}

std::string member::token() const {
  auto hash = (trail_ ^ (at_ * 64 + stage_)) * 0xbf58476d1ce4e5b9ULL;
  return fmt::format("{}-{:x}", task_, hash >> 24);
}

member_op member::fresh() {
  member_op out;
  out.op.set_number(++number_);
  return out;
}

std::optional<member_op> member::next() {
  while (at_ < plan_.size()) {
    const auto& x = plan_[at_];
    if (x.nonce != 0 && stage_ == 0)
      fold(x.nonce);
    auto out = go_on(random_source{x.dice});
    if (!out) {
      ++at_;
      stage_ = 0;
      refusals_ = 0;
      continue;
    }
    ++stage_;
    ++sent_;
    last_ = out->op;
    waits_for_ = out->waits ? out->op.number() : 0;
    return out;
  }
  return std::nullopt;
}

std::string member::addressee(random_source& dice) const {
  // Those whom it may talk to, most of the time.
  auto teammates = context_.is_object() && context_.contains("teammates") ? context_["teammates"] : json::array();
  auto x = dice.unit();
  if (x < 0.8 && !teammates.empty())
    return text_at(teammates[dice.below(teammates.size())], "role");
  return x < 0.97 ? everybody[dice.below(everybody.size())] : "nobody";
}

json member::with_mine(const std::string& artifact, const std::string& token) const {
  auto known = known_.find(artifact);
  auto out = known == known_.end() ? json::object() : known->second.value;
  out[token] = role_;
  return out;
}

std::optional<member_op> member::write(random_source& dice) {
  auto what = plan_[at_].what;
  auto artifact = std::string{dice.unit() < 0.6 ? "shared" : "notes"};
  auto looks_first = what == deed::write && dice.unit() < 0.4;
  auto says_version = what != deed::write || dice.unit() < 0.5;
  auto confidence = 0.1 * static_cast<double>(1 + dice.below(10));
  // read, write; and once more where it came too late.
  auto reads = stage_ == 0 ? looks_first : last_.has_put();
  auto again = stage_ > 0 && last_.has_put();
  if (again && (refusals_ == 0 || refusals_ > 2 || what != deed::write))
    return std::nullopt;
  auto out = fresh();
  if (reads) {
    out.op.mutable_get()->set_artifact(artifact);
    return out;
  }
  out.token = token();
  auto& put = *out.op.mutable_put();
  put.set_artifact(artifact);
  auto value = with_mine(artifact, out.token);
  // On this no two can agree.
  if (dice.unit() < 0.2)
    value["mark"] = out.token;
  put.set_value(value.dump());
  put.set_confidence(confidence);
  out.seen = known_[artifact].version;
  if (what == deed::write_late)
    put.set_expected_version(out.seen - std::min<uint64_t>(out.seen, 1 + dice.below(2)));
  else if (what == deed::write_ahead)
    // No team writes that much.
    put.set_expected_version(out.seen + 1'000);
  else if (says_version)
    put.set_expected_version(out.seen);
  return out;
}

std::optional<member_op> member::read_and_answer() {
  if (stage_ == 0) {
    auto out = fresh();
    out.op.mutable_inbox();
    return out;
  }
  if (stage_ > 1 || to_answer_.empty())
    return std::nullopt;
  auto out = fresh();
  out.token = token();
  out.op.mutable_answer()->set_request(to_answer_);
  out.op.mutable_answer()->set_content(json{{"token", out.token}}.dump());
  return out;
}

std::optional<member_op> member::go_on(random_source dice) {
  auto what = plan_[at_].what;
  if (what == deed::write || what == deed::write_late || what == deed::write_ahead)
    return write(dice);
  if (what == deed::answer)
    return read_and_answer();
  auto twice = what == deed::handoff && dice.unit() < 0.3;
  if (stage_ > (twice ? 1U : 0U))
    return std::nullopt;
  auto out = fresh();
  out.token = token();
  auto content = json{{"token", out.token}}.dump();
  out.waits = dice.unit() < 0.7;
  switch (what) {
  case deed::decide: {
    out.op.mutable_decide()->set_decision(content);
    const auto* open = context_.is_object() && context_.contains("workspace") ? &context_["workspace"] : nullptr;
    if (open != nullptr && dice.unit() < 0.4 && !(*open)["open_questions"].empty())
      out.op.mutable_decide()->set_question(text_at((*open)["open_questions"].front(), "id"));
    break;
  }
  case deed::raise:
    out.op.mutable_question()->set_question(out.token);
    break;
  case deed::note:
    out.op.mutable_log()->set_text(out.token);
    break;
  case deed::notify:
    out.op.mutable_notify()->set_content(content);
    if (dice.unit() < 0.7)
      out.op.mutable_notify()->set_to(addressee(dice));
    break;
  case deed::ask: {
    auto& ask = *out.op.mutable_ask();
    ask.set_content(content);
    ask.set_to(addressee(dice));
    ask.set_priority(static_cast<int32_t>(dice.below(3)) * 50 - 50);
    if (dice.unit() < 0.7)
      ask.set_timeout_ms(static_cast<uint32_t>(300 + dice.below(3'000)));
    break;
  }
  case deed::handoff:
    out.op.mutable_handoff()->set_content(content);
    out.op.mutable_handoff()->set_to(addressee(dice));
    out.waits = true;
    break;
  case deed::miscount:
    // Either it leaves a gap, as an operation does that was refused on its way, or it goes beyond every bound.
    out.op.mutable_log()->set_text(out.token);
    if (dice.unit() < 0.5)
      out.op.set_number(++number_);
    else
      out.op.set_number(1'000'000 + number_--);
    out.waits = true;
    break;
  default:
    out.token.clear();
    out.op.mutable_get();
    out.waits = true;
  }
  return out;
}

bool member::hear(uint32_t number, const v1::OpAnswer& answer) {
  if (waits_for_ == 0 || number != waits_for_)
    return false;
  waits_for_ = 0;
  auto refused = answer.has_error();
  fold(refused ? static_cast<uint64_t>(answer.error().code()) + 1 : hash_of(answer.value()));
  auto value = refused ? json{} : parsed(answer.value());
  if (last_.has_inbox() || (last_.has_get() && last_.get().artifact().empty()))
    // What it reads there may change back, and the next attempt must not be taken for this one.
    fold(attempt_);
  if (last_.has_inbox()) {
    to_answer_.clear();
    for (const auto& x : value)
      if (text_at(x, "type") == "request" && to_answer_.empty())
        to_answer_ = text_at(x, "id");
  } else if (last_.has_get() && !last_.get().artifact().empty() && !refused) {
    auto& known = known_[last_.get().artifact()];
    known.version = value.value("version", uint64_t{0});
    known.value = value["value"].is_object() ? value["value"] : json::object();
  } else if (last_.has_put() && refused) {
    ++refusals_;
  } else if (last_.has_put()) {
    refusals_ = 0;
    auto& known = known_[last_.put().artifact()];
    known.version = value.value("version", uint64_t{0});
    // What was written is not always what it wanted to be written.
    known.value = value.contains("value") ? value["value"] : parsed(last_.put().value());
    if (!known.value.is_object())
      known.value = json::object();
  }
  return true;
}

// -- what comes out of it ---------------------------------------------------------------------------------------------

json member::operations(random_source& dice) const {
  auto out = json::array();
  auto content = [&] { return json{{"token", fmt::format("{}-{:x}", task_, (trail_ ^ dice.next()) >> 24)}}; };
  for (auto left = 1 + dice.below(3); left > 0; --left)
    switch (dice.below(6)) {
    case 0:
      out.push_back({{"op", "put"}, {"artifact", "extra"}, {"value", content()}});
      break;
    case 1:
      out.push_back({{"op", "notify"}, {"to", addressee(dice)}, {"content", content()}});
      break;
    case 2:
      out.push_back({{"op", "ask"}, {"to", addressee(dice)}, {"content", content()}});
      break;
    case 3:
      out.push_back({{"op", "decide"}, {"decision", content()}});
      break;
    case 4:
      out.push_back({{"op", "handoff"}, {"to", addressee(dice)}, {"content", content()}});
      break;
    default:
      out.push_back({{"op", "sing"}});
    }
  return out;
}

std::string member::output() {
  random_source dice{output_dice_};
  auto mine = fmt::format("{}-{:x}", task_, (trail_ ^ output_dice_) >> 24);
  json out;
  if (answers_) {
    out = {{"token", mine}};
  } else if (role_ == "judge") {
    auto x = dice.unit();
    out = x < 0.5   ? json{{"verdict", "approve"}}
          : x < 0.9 ? json{{"verdict", "revise"}, {"comments", mine}}
                    : json{{"verdict", "perhaps"}};
  } else if (dice.unit() < 0.95) {
    // What is there stays there, whatever else it says.
    out = with_mine(text_at(context_, "writes"), mine);
    if (dice.unit() < 0.05)
      out["verdict"] = "approve";
  }
  if (dice.unit() < 0.25)
    out = {{"operations", operations(dice)}, {"output", std::move(out)}};
  return out.dump();
}

} // namespace troupe::sim

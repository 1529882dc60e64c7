#include "tests/sim/client.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

client::client(context& world, process& home, network& net, std::vector<process*> coordinators,
               std::vector<order> orders)
    : world_{world}, home_{home}, net_{net}, coordinators_{std::move(coordinators)}, orders_{std::move(orders)},
      stages_(orders_.size(), stage::unborn), cancelled_(orders_.size(), false) {}

void client::start() {
  connect();
  for (size_t i = 0; i < orders_.size(); ++i)
    world_.time.after(orders_[i].at, home_, [this, i] {
      stages_[i] = stage::wanted;
      ask(i);
    });
  world_.time.after(500 * msec, home_, [this] { look(); });
}

void client::connect() {
  if (link_ || std::exchange(connecting_, true))
    return;
  auto& to = *coordinators_[world_.random.below(coordinators_.size())];
  net_.dial(home_, to, "client", patience, [this](socket link) {
    connecting_ = false;
    link_ = std::move(link);
    if (!link_)
      return connection::handlers{};
    return connection::handlers{[this](v1::Envelope& x) { take(x); },
                                [this](const std::string&) {
                                  link_ = {};
                                  open_.clear();
                                }};
  });
}

void client::look() {
  world_.time.after(500 * msec, home_, [this] { look(); });
  connect();
  for (const auto& [id, x] : open_)
    if (x.due < world_.time.now() && link_) {
      // The coordinator hangs, or the network does: try another link.
      net_.close(std::exchange(link_, {}));
      open_.clear();
      break;
    }
  for (size_t i = 0; i < orders_.size(); ++i) {
    auto asks = [&](bool to_cancel) {
      return std::any_of(open_.begin(), open_.end(), [&](auto& x) {
        return !x.second.decides && x.second.which == i && x.second.cancels == to_cancel;
      });
    };
    auto cancel_is_due = orders_[i].cancel_at > 0 && world_.time.now() >= orders_[i].cancel_at;
    if (cancel_is_due && !cancelled_[i] && stages_[i] == stage::acknowledged && !asks(true))
      cancel(i);
    if ((stages_[i] == stage::wanted || stages_[i] == stage::acknowledged) && !asks(false))
      ask(i);
  }
  look_at_questions();
}

void client::cancel(size_t which) {
  if (!link_)
    return;
  world_.say(home_, "cancels run {}", orders_[which].run_id);
  v1::Envelope message;
  message.set_id(++last_message_);
  message.mutable_cancel_run()->set_run_id(orders_[which].run_id);
  open_[last_message_] = {which, world_.time.now() + patience, true, false};
  net_.send(link_, std::move(message));
}

// -- what people are asked --------------------------------------------------------------------------------------------

void client::look_at_questions() {
  for (auto& x : world_.judge.new_questions()) {
    auto dice = world_.random.unit();
    if (dice < 0.25)
      continue; // nobody looks
    auto content = dice < 0.5   ? R"({"keep":"proposed"})"
                   : dice < 0.7 ? R"({"keep":"current"})"
                   : dice < 0.9 ? R"({"value":{"by":"a person"}})"
                                : R"({"keep":"neither"})";
    auto at = world_.time.now() + world_.between(10 * msec, 4 * second);
    decisions_.push_back({x, content, at});
    // Somebody else has an opinion too.
    if (world_.chance(0.3))
      decisions_.push_back({x, R"({"keep":"current"})", at + world_.between(0, 500 * msec)});
  }
  for (size_t i = 0; i < decisions_.size(); ++i)
    if (!decisions_[i].told && decisions_[i].at <= world_.time.now()
        && std::none_of(open_.begin(), open_.end(), [&](auto& x) { return x.second.decides && x.second.which == i; }))
      decide(i);
}

void client::decide(size_t which) {
  if (!link_)
    return;
  const auto& x = decisions_[which];
  world_.say(home_, "says {} to {} of run {}", x.content, x.about.question, x.about.run);
  v1::Envelope message;
  message.set_id(++last_message_);
  auto& out = *message.mutable_answer_question();
  out.set_run_id(x.about.run);
  out.set_step(x.about.step);
  out.set_question(x.about.question);
  out.set_content(x.content);
  open_[last_message_] = {which, world_.time.now() + patience, false, true};
  net_.send(link_, std::move(message));
}

void client::ask(size_t which) {
  if (!link_)
    return;
  v1::Envelope message;
  message.set_id(++last_message_);
  const auto& x = orders_[which];
  if (stages_[which] == stage::wanted) {
    world_.say(home_, "submits run {}", x.run_id);
    auto& submit = *message.mutable_submit_run();
    submit.set_run_id(x.run_id);
    submit.set_definition(x.definition);
    submit.set_input(x.input);
  } else {
    message.mutable_get_run()->set_run_id(x.run_id);
  }
  open_[last_message_] = {which, world_.time.now() + patience, false, false};
  net_.send(link_, std::move(message));
}

void client::take(v1::Envelope& message) {
  auto i = open_.find(message.correlation());
  if (i == open_.end())
    return;
  auto which = i->second.which;
  auto cancels = i->second.cancels;
  auto decides = i->second.decides;
  open_.erase(i);
  if (decides) {
    decisions_[which].told = true;
    if (message.has_ack())
      world_.judge.decision_acknowledged(decisions_[which].about);
    else
      world_.see(sight::decision_refused);
    return;
  }
  auto& at = stages_[which];
  if (cancels) {
    if (message.has_ack()) {
      cancelled_[which] = true;
      world_.judge.cancel_acknowledged(orders_[which].run_id);
    }
    return;
  }
  if (message.has_run_accepted() && at == stage::wanted) {
    world_.say(home_, "has the word for run {}", orders_[which].run_id);
    at = stage::acknowledged;
    world_.judge.acknowledged(orders_[which].run_id);
  } else if (message.has_run_details() && at == stage::acknowledged
             && message.run_details().summary().state() != v1::RUN_STATE_RUNNING) {
    at = stage::told;
    ++told_;
    world_.judge.told_finished(message.run_details().summary());
  }
}

} // namespace troupe::sim

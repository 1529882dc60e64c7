#include "tests/sim/coordinator.hpp"

#include "runtime/run/new_run.hpp"

#include <utility>

namespace troupe::sim {

namespace {

constexpr usec link_tick = 1 * second;
constexpr usec link_idle = 10 * second;
constexpr usec resume_retry = 1 * second;

dispatcher_config dispatcher_settings(uint64_t seed, size_t most_queued) {
  dispatcher_config out;
  out.max_queued = most_queued;
  out.seed = seed;
  return out;
}

} // namespace

coordinator::coordinator(context& world, process& home, network& net, store_service& store)
    : world_{world}, home_{home}, net_{net}, store_{store}, random_{world.random.next()},
      core_{dispatcher_settings(world.random.next(), world.most_queued)}, members_{membership_config{}} {}

coordinator::~coordinator() {
  auto numbers = core_.stats();
  world_.see(sight::result_dropped_late, numbers.late + numbers.unknown);
  world_.see(sight::result_dropped_fenced, numbers.fenced);
  world_.see(sight::task_refused, numbers.no_room + numbers.refused);
}

void coordinator::start() {
  net_.listen(home_, [this](socket link, const std::string& role, const std::string& boot_id) {
    return accept(std::move(link), role, boot_id);
  });
  world_.time.after(250 * msec, home_, [this] { dispatcher_tick(); });
  world_.time.after(500 * msec, home_, [this] { registry_tick(); });
  resume();
}

size_t coordinator::held_tasks() const {
  auto numbers = core_.stats();
  return numbers.queued + numbers.outstanding;
}

// -- links ------------------------------------------------------------------------------------------------------------

connection::handlers coordinator::accept(socket link, const std::string& role, const std::string& boot_id) {
  return role == "worker" ? accept_worker(std::move(link), boot_id) : accept_client(std::move(link));
}

connection::handlers coordinator::accept_worker(socket link, const std::string& boot_id) {
  auto x = std::make_shared<worker_link>();
  x->id = ++last_id_;
  x->link = link;
  x->name = link.peer().name;
  x->boot_id = boot_id;
  x->last_sign = world_.time.now();
  links_[x->id] = x;
  watch(x);
  return {[this, x](v1::Envelope& message) { from_worker(x, message); },
          [this, x](const std::string& why) { end(x, why.c_str()); }};
}

void coordinator::watch(const worker_link_ptr& link) {
  world_.time.after(link_tick, home_, [this, link] {
    if (links_.count(link->id) == 0)
      return;
    if (world_.time.now() - link->last_sign >= link_idle)
      end(link, "the node was silent");
    else
      watch(link);
  });
}

void coordinator::end(const worker_link_ptr& link, const char* why) {
  if (links_.erase(link->id) == 0)
    return;
  world_.say(home_, "link to {} ended: {}", link->boot_id, why);
  net_.close(link->link);
  link_down(link->id);
}

void coordinator::from_worker(const worker_link_ptr& from, v1::Envelope& message) {
  if (links_.count(from->id) == 0)
    return;
  from->last_sign = world_.time.now();
  auto id = message.id();
  switch (message.body_case()) {
  case v1::Envelope::kResultBatch:
    if (!from->has_sink)
      return;
    for (auto& x : *message.mutable_result_batch()->mutable_results())
      x.set_node(from->name);
    post(dispatcher,
         [this, host = from->id, batch = std::move(*message.mutable_result_batch())] { take_results(host, batch); });
    return;
  case v1::Envelope::kOpBatch:
    if (from->has_sink)
      post(dispatcher,
           [this, host = from->id, batch = std::move(*message.mutable_op_batch())] { take_operations(host, batch); });
    return;
  case v1::Envelope::kHeartbeat:
    post(registry, [this, from, id, beat = message.heartbeat()] {
      auto changed = members_.heartbeat(beat, world_.time.now_ms());
      v1::Envelope answer;
      answer.set_correlation(id);
      if (changed) {
        publish(*changed);
        answer.mutable_heartbeat_ack()->set_seq(beat.seq());
      } else {
        world_.see(sight::heartbeat_refused);
        *answer.mutable_error() = changed.error().to_proto();
      }
      post(from->id, [this, from, answer = std::move(answer)] { net_.send(from->link, answer); });
    });
    return;
  case v1::Envelope::kLeaveCluster:
    post(registry, [this, from, id, leave = message.leave_cluster()] {
      publish(members_.leave(leave, world_.time.now_ms()));
      v1::Envelope answer;
      answer.set_correlation(id);
      answer.mutable_ack();
      post(from->id, [this, from, answer = std::move(answer)] { net_.send(from->link, answer); });
    });
    return;
  case v1::Envelope::kJoinCluster:
    post(registry, [this, from, id, request = message.join_cluster()] { join(from, id, request); });
    return;
  default:
    world_.judge.accuse("a coordinator got a message that no worker sends");
  }
}

connection::handlers coordinator::accept_client(socket link) {
  return {[this, link](v1::Envelope& message) { from_client(link, message); }, [](const std::string&) {}};
}

void coordinator::from_client(const socket& link, v1::Envelope& message) {
  v1::Envelope answer;
  answer.set_correlation(message.id());
  if (message.has_submit_run()) {
    submit(message.submit_run(), [this, link, answer](result<std::string> accepted) mutable {
      if (accepted)
        answer.mutable_run_accepted()->set_run_id(*accepted);
      else
        *answer.mutable_error() = accepted.error().to_proto();
      net_.send(link, std::move(answer));
    });
  } else if (message.has_get_run()) {
    store_.load(home_, message.get_run().run_id(), [this, link, answer](result<v1::RunDetails> details) mutable {
      if (details)
        *answer.mutable_run_details()->mutable_summary() = details->summary();
      else
        *answer.mutable_error() = details.error().to_proto();
      net_.send(link, std::move(answer));
    });
  } else if (message.has_cancel_run()) {
    cancel(link, message.id(), message.cancel_run());
  } else if (message.has_answer_question()) {
    answer_question(link, message.id(), message.answer_question());
  }
}

void coordinator::answer_question(const socket& link, uint64_t id, const v1::AnswerQuestion& request) {
  auto done = [this, link, id](const result<void>& taken) {
    v1::Envelope answer;
    answer.set_correlation(id);
    if (taken)
      answer.mutable_ack();
    else
      *answer.mutable_error() = taken.error().to_proto();
    net_.send(link, std::move(answer));
  };
  auto i = runs_.find(request.run_id());
  if (i == runs_.end())
    return done(fail(v1::ERROR_CODE_NOT_FOUND, "the run is not under way here"));
  post(i->second.id, [run = i->second.actor, request, done] { run->answer_question(request, done); });
}

void coordinator::cancel(const socket& link, uint64_t id, const v1::CancelRun& request) {
  auto done = [this, link, id] {
    v1::Envelope answer;
    answer.set_correlation(id);
    answer.mutable_ack();
    net_.send(link, std::move(answer));
  };
  if (auto i = runs_.find(request.run_id()); i != runs_.end()) {
    post(i->second.id, [run = i->second.actor, done] { run->cancel("the client changed its mind", done); });
    return;
  }
  store_.load(home_, request.run_id(), [this, link, id, done](const result<v1::RunDetails>& details) {
    if (details && details->summary().state() != v1::RUN_STATE_RUNNING)
      return done();
    v1::Envelope answer;
    answer.set_correlation(id);
    answer.mutable_error()->set_code(v1::ERROR_CODE_UNAVAILABLE);
    net_.send(link, std::move(answer));
  });
}

// -- runs -------------------------------------------------------------------------------------------------------------

void coordinator::submit(const v1::SubmitRun& request, std::function<void(result<std::string>)> then) {
  auto definition = definition_of(request.definition());
  auto now = world_.time.wall_ms(home_);
  auto create = new_run(
      *definition, request.input(),
      {.run_id = request.run_id(), .owner = home_.boot_id(), .now_ms = now, .seed = random_.next(), .traceparent = {}});
  std::vector<v1::RunEvent> events{create.events().begin(), create.events().end()};
  store_.create(home_, std::move(create),
                [this, then, definition, now, events = std::move(events)](result<v1::RunSummary> stored) {
                  if (!stored) {
                    then(tl::unexpected(stored.error()));
                    return;
                  }
                  auto ours = stored->owner() == home_.boot_id() && stored->epoch() == 1
                              && stored->state() == v1::RUN_STATE_RUNNING && runs_.count(stored->run_id()) == 0;
                  if (ours && stored->created_at_ms() == now)
                    launch(*stored, definition, events, false);
                  else if (ours)
                    adopt(*stored);
                  then(stored->run_id());
                });
}

void coordinator::launch(const v1::RunSummary& summary, workflow_ptr definition, std::vector<v1::RunEvent> events,
                         bool resumed) {
  auto id = ++last_id_;
  world_.say(home_, "run {} {} under epoch {}", summary.run_id(), resumed ? "goes on" : "begins", summary.epoch());
  auto made = std::make_shared<run_actor>(world_, home_, store_, *this, id, summary, std::move(definition));
  runs_[summary.run_id()] = {made, id};
  owners_[id] = made;
  made->start(events, resumed);
}

void coordinator::resume() {
  store_.list(home_, [this](result<v1::RunList> unfinished) {
    if (!unfinished) {
      could_not_take_up("any", unfinished.error());
      return;
    }
    for (const auto& run : unfinished->runs())
      adopt(run);
  });
}

void coordinator::could_not_take_up(const std::string& run, const error& why) {
  world_.say(home_, "cannot take run {} up: {}", run, why.message);
  auto passes = why.code == v1::ERROR_CODE_STORE || why.code == v1::ERROR_CODE_TIMED_OUT
                || why.code == v1::ERROR_CODE_UNAVAILABLE;
  if (!passes || std::exchange(resume_is_due_, true))
    return;
  world_.time.after(resume_retry, home_, [this] {
    resume_is_due_ = false;
    resume();
  });
}

void coordinator::adopt(const v1::RunSummary& stored) {
  if (runs_.count(stored.run_id()) > 0 || !adopting_.insert(stored.run_id()).second)
    return;
  v1::ClaimRun claim;
  claim.set_run_id(stored.run_id());
  claim.set_expected_epoch(stored.epoch());
  claim.set_owner(home_.boot_id());
  store_.claim(home_, std::move(claim), [this, run = stored.run_id()](result<v1::RunSummary> claimed) {
    if (!claimed) {
      adopting_.erase(run);
      return could_not_take_up(run, claimed.error());
    }
    store_.load(home_, run, [this, run, epoch = claimed->epoch()](result<v1::RunDetails> details) {
      adopting_.erase(run);
      if (!details)
        return could_not_take_up(run, details.error());
      if (details->summary().epoch() != epoch || details->summary().state() != v1::RUN_STATE_RUNNING)
        return;
      launch(details->summary(), definition_of(details->definition()),
             {details->events().begin(), details->events().end()}, true);
    });
  });
}

void coordinator::crash_run(uint64_t which) {
  if (runs_.empty())
    return;
  auto i = std::next(runs_.begin(), static_cast<std::ptrdiff_t>(which % runs_.size()));
  world_.say(home_, "the actor of run {} crashes", i->first);
  i->second.actor->crash();
  run_ended(i->second.id, i->first, false);
  post(self, [this, run = i->first] {
    store_.load(home_, run, [this, run](const result<v1::RunDetails>& details) {
      if (!details)
        could_not_take_up(run, details.error());
      else
        adopt(details->summary());
    });
  });
}

void coordinator::queue_tasks(uint64_t owner, task_batch batch) {
  post(dispatcher, [this, owner, batch = std::move(batch)] {
    core_.tasks_queued(owner, batch, world_.time.now_ms());
    changed();
  });
}

void coordinator::cancel_tasks(uint64_t, v1::CancelBatch batch) {
  post(dispatcher, [this, batch = std::move(batch)] {
    core_.cancel(batch);
    changed();
  });
}

void coordinator::answer_operations(v1::OpAnswerBatch batch) {
  post(dispatcher, [this, batch = std::move(batch)] { pass_on(batch); });
}

void coordinator::run_ended(uint64_t owner, const std::string& run, bool fenced) {
  if (fenced)
    world_.say(home_, "run {} belongs to somebody else now", run);
  post(self, [this, owner, run] {
    if (auto i = runs_.find(run); i != runs_.end() && i->second.id == owner)
      runs_.erase(i);
  });
  post(dispatcher, [this, owner] {
    core_.owner_gone(owner);
    owners_.erase(owner);
    changed();
  });
}

} // namespace troupe::sim

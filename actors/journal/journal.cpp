#include "actors/journal/journal.hpp"

#include "actors/scheduler/hand_over.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace troupe {

namespace {

/// What nobody waits for is written together after this time.
constexpr std::chrono::milliseconds backlog_interval{20};

template <class T>
caf::result<T> reply(result<T> outcome) {
  if (!outcome)
    return to_caf(outcome.error());
  return std::move(*outcome);
}

} // namespace

caf::error validate(const journal_config& config) {
  if (!config.open)
    return caf::make_error(ec::invalid_input, "journal: open must be set");
  if (config.most_events == 0 || config.most_bytes == 0)
    return caf::make_error(ec::invalid_input, "journal: most_events and most_bytes must be 1 or more");
  if (config.probe_interval.count() < 0)
    return caf::make_error(ec::invalid_input, "journal: probe_interval must not be negative");
  return caf::none;
}

journal_state::~journal_state() {
  auto why = caf::make_error(ec::unavailable, "the journal stopped before this was durable");
  for (auto& x : batch_)
    x.promise.deliver(why);
  for (auto& x : creates_)
    x.promise.deliver(why);
}

void journal_state::start(pointer self, journal_config config, journal_probe probe, std::unique_ptr<store> opened) {
  self_ = self;
  config_ = std::move(config);
  probe_ = std::move(probe);
  store_ = std::move(opened);
  probe_->degraded(false);
  // What the last life did not come to.
  take_soon();
}

// -- group commit -----------------------------------------------------------------------------------------------------

void journal_state::append(append_events_ptr request, append_promise promise) {
  add(std::move(request), std::move(promise));
  commit_soon();
}

void journal_state::take_from_backlog() {
  if (config_.backlog)
    for (auto& x : config_.backlog->take())
      add(std::move(x), {});
}

void journal_state::take_soon() {
  if (!config_.backlog || std::exchange(take_is_due_, true))
    return;
  self_->delayed_send(self_, backlog_interval, backlog_tick{});
}

void journal_state::take_now() {
  take_is_due_ = false;
  commit();
}

void journal_state::add(append_events_ptr request, append_promise promise) {
  batch_events_ += static_cast<size_t>(request->events_size());
  batch_bytes_ += request->ByteSizeLong();
  batch_.push_back({std::move(request), std::move(promise), std::chrono::steady_clock::now()});
}

caf::result<v1::RunSummary> journal_state::create(v1::CreateRun request) {
  // A refused one changes nothing; one that is let through either works or sets the time of the next probe.
  if (degraded_) {
    if (self_->clock().now() < next_probe_) {
      probe_->failed(v1::ERROR_CODE_STORE);
      return to_caf({v1::ERROR_CODE_STORE, "no new runs while the store fails: " + degraded_->message, true});
    }
    next_probe_ = self_->clock().now() + config_.probe_interval;
  }
  auto promise = self_->make_response_promise<v1::RunSummary>();
  batch_events_ += static_cast<size_t>(request.events_size());
  batch_bytes_ += request.ByteSizeLong();
  creates_.push_back({std::move(request), promise});
  commit_soon();
  return promise;
}

void journal_state::commit_soon() {
  if (batch_events_ >= config_.most_events || batch_bytes_ >= config_.most_bytes || self_->mailbox().empty()) {
    commit();
  } else if (!flush_is_due_) {
    flush_is_due_ = true;
    self_->send(self_, flush_tick{});
  }
}

void journal_state::flush() {
  flush_is_due_ = false;
  commit();
}

void journal_state::commit() {
  take_from_backlog();
  if (batch_.empty() && creates_.empty())
    return;
  std::vector<const v1::AppendEvents*> requests;
  requests.reserve(batch_.size());
  for (const auto& x : batch_)
    requests.push_back(x.request.get());
  result<std::vector<result<v1::EventsAppended>>> appended;
  std::vector<result<v1::RunSummary>> created;
  auto begin = std::chrono::steady_clock::now();
  // Should this throw, the destructor answers those that wait.
  auto written = store_->together([&] {
    if (!requests.empty())
      appended = store_->append(requests);
    for (const auto& x : creates_)
      created.push_back(store_->create(x.request));
  });
  auto end = std::chrono::steady_clock::now();
  std::chrono::duration<double> took = end - begin;
  has_only_waited(self_->context());
  probe_->commit_ended(took.count(), batch_events_);

  const error* failure = !written ? &written.error() : !appended ? &appended.error() : nullptr;
  for (const auto& x : created)
    // The other refusals say nothing about the store's health.
    if (!failure && !x && x.error().code == v1::ERROR_CODE_STORE)
      failure = &x.error();
  if (failure)
    store_failed(*failure);
  else
    store_worked();

  for (size_t i = 0; i < batch_.size(); ++i) {
    auto& x = batch_[i];
    const auto* why = !written           ? &written.error()
                      : !appended        ? &appended.error()
                      : !appended->at(i) ? &appended->at(i).error()
                                         : nullptr;
    if (why) {
      probe_->failed(why->code);
      x.promise.deliver(to_caf(*why));
    } else {
      std::chrono::duration<double> waited = end - x.arrived;
      probe_->appended(static_cast<size_t>(x.request->events_size()), waited.count());
      x.promise.deliver(std::move(*appended->at(i)));
    }
  }
  for (size_t i = 0; i < creates_.size(); ++i) {
    const auto* why = !written ? &written.error() : !created[i] ? &created[i].error() : nullptr;
    if (why) {
      probe_->failed(why->code);
      creates_[i].promise.deliver(to_caf(*why));
    } else {
      creates_[i].promise.deliver(std::move(*created[i]));
    }
  }
  batch_.clear();
  creates_.clear();
  batch_events_ = 0;
  batch_bytes_ = 0;
}

// -- everything else --------------------------------------------------------------------------------------------------

// What came before a question counts for its answer, whether somebody waits for it or not.

result<v1::RunSummary> journal_state::claim(const v1::ClaimRun& request) {
  commit();
  return noted(store_->claim(request));
}

result<v1::RunDetails> journal_state::load(const v1::GetRun& request) {
  commit();
  auto outcome = store_->load(request.run_id());
  if (!outcome)
    probe_->failed(outcome.error().code);
  return outcome;
}

result<v1::RunList> journal_state::list(const v1::ListRuns& request) {
  commit();
  auto outcome = store_->list(request.limit(), request.unfinished_only());
  if (!outcome)
    probe_->failed(outcome.error().code);
  return outcome;
}

template <class T>
result<T> journal_state::noted(result<T> outcome) {
  if (outcome) {
    store_worked();
    return outcome;
  }
  probe_->failed(outcome.error().code);
  // The other refusals say nothing about the store's health.
  if (outcome.error().code == v1::ERROR_CODE_STORE)
    store_failed(outcome.error());
  return outcome;
}

void journal_state::store_failed(const error& why) {
  if (!degraded_)
    spdlog::error("journal refuses new runs: {}", why.message);
  degraded_ = why;
  next_probe_ = self_->clock().now() + config_.probe_interval;
  probe_->degraded(true);
}

void journal_state::store_worked() {
  if (!degraded_)
    return;
  spdlog::info("journal takes new runs again");
  degraded_.reset();
  probe_->degraded(false);
}

journal_self_actor::behavior_type journal(journal_state::pointer self, journal_config config, journal_probe probe) {
  auto refuse = [self](caf::error why) {
    self->quit(std::move(why));
    return journal_self_actor::behavior_type::make_empty_behavior();
  };
  if (auto wrong = validate(config))
    return refuse(std::move(wrong));
  auto opened = config.open();
  if (!opened) {
    spdlog::error("journal cannot open its store: {}", opened.error().message);
    probe.failed(opened.error().code);
    return refuse(to_caf(opened.error()));
  }
  self->state.start(self, std::move(config), std::move(probe), std::move(*opened));
  self->set_exit_handler([self](caf::exit_msg& x) {
    self->state.commit();
    self->quit(std::move(x.reason));
  });
  return {
      // Taken by mutable reference: the request is ours alone, so its events move into the batch.
      [self](v1::AppendEvents& request) -> caf::result<v1::EventsAppended> {
        auto promise = self->make_response_promise<v1::EventsAppended>();
        self->state.append(std::make_shared<const v1::AppendEvents>(std::move(request)), promise);
        return promise;
      },
      [self](const append_events_ptr& request) -> caf::result<v1::EventsAppended> {
        auto promise = self->make_response_promise<v1::EventsAppended>();
        self->state.append(request, promise);
        return promise;
      },
      [self](take_backlog when) {
        if (when.now)
          self->state.commit();
        else
          self->state.take_soon();
      },
      [self](backlog_tick) { self->state.take_now(); },
      [self](v1::CreateRun& request) { return self->state.create(std::move(request)); },
      [self](const v1::ClaimRun& request) { return reply(self->state.claim(request)); },
      [self](const v1::GetRun& request) { return reply(self->state.load(request)); },
      [self](const v1::ListRuns& request) { return reply(self->state.list(request)); },
      [self](flush_tick) { self->state.flush(); },
  };
}

} // namespace troupe

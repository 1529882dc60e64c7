#include "actors/link/client_link.hpp"

#include "actors/link/run_watch.hpp"
#include "messages/errors.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace troupe {

namespace {

constexpr size_t large_request = size_t{64} << 10;

} // namespace

client_link_state::~client_link_state() {
  for (auto& [addr, watch] : watches_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(watch), caf::exit_reason::user_shutdown);
  if (link_)
    link_->close({v1::ERROR_CODE_UNAVAILABLE, "the coordinator ends the link", true});
}

void client_link_state::start(pointer self, client_link_config config, link_ptr link, registry_actor registry,
                              coordinator_actor coordinator) {
  self_ = self;
  config_ = config;
  link_ = std::move(link);
  registry_ = std::move(registry);
  coordinator_ = std::move(coordinator);
}

// -- answers ----------------------------------------------------------------------------------------------------------

template <class T>
void client_link_state::answer(uint64_t request, const T& body) {
  auto status = send(*link_, request, body, {.more = !self_->mailbox().empty()});
  if (status == send_status::too_large)
    return refuse(request, {v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the answer is larger than a message may be", false});
  if (status == send_status::full) {
    link_->close({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the client does not read fast enough", true});
    self_->quit(caf::exit_reason::user_shutdown);
  }
}

void client_link_state::refuse(uint64_t request, const error& why) {
  answer(request, why.to_proto());
}

// -- requests ---------------------------------------------------------------------------------------------------------

milliseconds client_link_state::timeout_of(const v1::Envelope& message) const {
  if (message.timeout_ms() == 0)
    return config_.default_timeout;
  return std::min(config_.longest_timeout, milliseconds{message.timeout_ms()});
}

void client_link_state::submit(v1::Envelope& message) {
  if (message.ByteSizeLong() >= large_request && requests_ < config_.most_requests) {
    if (submits_large_run_) {
      waiting_runs_.emplace_back(std::move(message), batch_);
      return;
    }
    submits_large_run_ = true;
  }
  ask<v1::RunAccepted>(coordinator_, message, std::move(*message.mutable_submit_run()));
}

void client_link_state::large_run_answered() {
  submits_large_run_ = false;
  while (!waiting_runs_.empty() && !submits_large_run_) {
    auto [next, batch] = std::move(waiting_runs_.front());
    waiting_runs_.pop_front();
    batch_ = std::move(batch);
    submit(next);
    batch_.reset();
  }
}

template <class Answer, class Handle, class Request>
void client_link_state::ask(const Handle& whom, const v1::Envelope& message, Request&& request) {
  auto id = message.id();
  if (requests_ >= config_.most_requests)
    return refuse(id, {v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                       "this client has its " + std::to_string(config_.most_requests) + " requests under way", true});
  ++requests_;
  // A large request counts as undealt with until it is answered: so much and no more is read from one client, and from
  // all of them.
  auto held = message.ByteSizeLong() >= large_request ? batch_ : nullptr;
  self_->request(whom, timeout_of(message), std::forward<Request>(request))
      .then(
          [this, id, held](const Answer& x) {
            --requests_;
            answer(id, x);
            if (std::is_same_v<Answer, v1::RunAccepted> && held)
              large_run_answered();
          },
          [this, id, held](const caf::error& why) {
            --requests_;
            refuse(id, from_caf(why));
            if (std::is_same_v<Answer, v1::RunAccepted> && held)
              large_run_answered();
          });
}

void client_link_state::take(const link_batch_ptr& batch) {
  batch_ = batch;
  for (auto& message : batch->messages)
    take(message);
  batch_.reset();
}

void client_link_state::take(v1::Envelope& message) {
  auto id = message.id();
  if (id == 0 || message.correlation() != 0)
    return; // neither a question nor anything that could be answered
  if (auto ok = check_recipient(message, link_->own_boot_id()); !ok)
    return refuse(id, ok.error());
  switch (message.body_case()) {
  case v1::Envelope::kSubmitRun:
    return submit(message);
  case v1::Envelope::kGetRun:
    return ask<v1::RunDetails>(coordinator_, message, message.get_run());
  case v1::Envelope::kListRuns:
    return ask<v1::RunList>(coordinator_, message, message.list_runs());
  case v1::Envelope::kCancelRun:
    return ask<v1::Ack>(coordinator_, message, message.cancel_run());
  case v1::Envelope::kAnswerQuestion:
    return ask<v1::Ack>(coordinator_, message, std::move(*message.mutable_answer_question()));
  case v1::Envelope::kResumeRuns:
    return ask<v1::RunList>(coordinator_, message, message.resume_runs());
  case v1::Envelope::kInvokeAgent:
    return ask<v1::TaskResult>(coordinator_, message, std::move(*message.mutable_invoke_agent()));
  case v1::Envelope::kListNodes:
    return ask<v1::NodeList>(registry_, message, message.list_nodes());
  case v1::Envelope::kFindAgents:
    return ask<v1::AgentList>(registry_, message, message.find_agents());
  case v1::Envelope::kDrainNode:
    return ask<v1::Ack>(registry_, message, message.drain_node());
  case v1::Envelope::kWatchRun:
    return watch(message);
  case v1::Envelope::kReadWorkspace:
    return ask<v1::WorkspaceView>(coordinator_, message, message.read_workspace());
  case v1::Envelope::kWatchWorkspace:
    return watch_workspace(message);
  case v1::Envelope::kWorkspaceSeen:
    return seen(message.workspace_seen());
  default:
    refuse(id, {v1::ERROR_CODE_INVALID_INPUT, "a client has no business with such a message", false});
  }
}

bool client_link_state::may_watch(uint64_t request) {
  if (watches_.size() < config_.most_watches)
    return true;
  refuse(request, {v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                   "this client follows its " + std::to_string(config_.most_watches) + " runs and workspaces", true});
  return false;
}

void client_link_state::watch_workspace(const v1::Envelope& message) {
  auto id = message.id();
  if (!may_watch(id) || workspace_watches_.contains(id))
    return;
  auto watcher = self_->spawn(workspace_watch, link_, id);
  self_->monitor(watcher);
  watches_.emplace(watcher.address(), caf::actor_cast<caf::strong_actor_ptr>(watcher));
  workspace_watches_.emplace(id, watcher);
  self_
      ->request(coordinator_, timeout_of(message), message.watch_workspace(),
                caf::actor_cast<workspace_watcher_actor>(watcher))
      .then([this, id](const v1::Ack& x) { answer(id, x); },
            [this, id, watcher](const caf::error& why) {
              caf::anon_send_exit(watcher, caf::exit_reason::user_shutdown);
              refuse(id, from_caf(why));
            });
}

void client_link_state::seen(const v1::WorkspaceSeen& note) {
  auto i = workspace_watches_.find(note.watch());
  if (i == workspace_watches_.end())
    return;
  if (note.done())
    self_->send_exit(i->second, caf::exit_reason::user_shutdown);
  else
    self_->send(i->second, note);
}

void client_link_state::watch(const v1::Envelope& message) {
  auto id = message.id();
  if (!may_watch(id))
    return;
  auto watcher = self_->spawn(run_watch, link_, id);
  self_->monitor(watcher);
  watches_.emplace(watcher.address(), caf::actor_cast<caf::strong_actor_ptr>(watcher));
  self_->request(coordinator_, timeout_of(message), message.watch_run(), watcher)
      .then(
          [this, id](const v1::RunSummary& x) {
            v1::RunDetails out;
            *out.mutable_summary() = x;
            answer(id, out);
          },
          [this, id, watcher](const caf::error& why) {
            caf::anon_send_exit(watcher, caf::exit_reason::user_shutdown);
            refuse(id, from_caf(why));
          });
}

void client_link_state::watch_ended(const caf::actor_addr& watch) {
  watches_.erase(watch);
  std::erase_if(workspace_watches_, [&](const auto& x) { return x.second == watch; });
}

void client_link_state::lost() {
  self_->quit(caf::exit_reason::user_shutdown);
}

client_link_actor::behavior_type client_link(client_link_state::pointer self, client_link_config config, link_ptr link,
                                             registry_actor registry, coordinator_actor coordinator) {
  self->state.start(self, config, std::move(link), std::move(registry), std::move(coordinator));
  self->set_down_handler([self](const caf::down_msg& down) { self->state.watch_ended(down.source); });
  return {
      [self](const link_messages& x) { self->state.take(x.batch); },
      [self](const link_lost&) { self->state.lost(); },
  };
}

} // namespace troupe

#pragma once

#include "messages/coordinator.hpp"
#include "messages/errors.hpp"
#include "messages/registry.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe::test {

/// What stand-ins for a registry and a coordinator have heard, and how they answer.
struct cluster_log {
  std::vector<v1::NodeInfo> joined;
  std::vector<agent_host_actor> hosts;
  std::vector<v1::LeaveCluster> left;
  std::vector<v1::SubmitRun> submitted;
  std::vector<run_watcher_actor> watchers;
  std::vector<workspace_watcher_actor> workspace_watchers;
  std::vector<caf::typed_response_promise<v1::TaskResult>> unanswered;
  bool fences = false;
};

inline registry_actor spawn_registry(caf::actor_system& sys, std::shared_ptr<cluster_log> log) {
  return sys.spawn([log]() -> registry_actor::behavior_type {
    return {
        [log](const v1::JoinCluster& x, const agent_host_actor& host) -> caf::result<v1::JoinedCluster> {
          if (log->fences)
            return caf::make_error(ec::already_exists, "another living node holds the name");
          log->joined.push_back(x.node());
          log->hosts.push_back(host);
          v1::JoinedCluster out;
          out.set_coordinator_name("c1");
          return out;
        },
        [log](const v1::Heartbeat& x) -> caf::result<v1::HeartbeatAck> {
          if (log->fences)
            return caf::make_error(ec::fenced, "no member");
          v1::HeartbeatAck out;
          out.set_seq(x.seq());
          return out;
        },
        [log](const v1::LeaveCluster& x) {
          log->left.push_back(x);
          return v1::Ack{};
        },
        [](const v1::DrainNode& x) -> caf::result<v1::Ack> {
          if (x.node() != "w1")
            return caf::make_error(ec::not_found, "there is no living node named " + x.node());
          return v1::Ack{};
        },
        [](const v1::ListNodes&) {
          v1::NodeList out;
          out.add_nodes()->mutable_info()->set_name("w1");
          return out;
        },
        [](const v1::FindAgents&) { return v1::AgentList{}; },
    };
  });
}

/// Accepts every run; answers InvokeAgent with the message's content, except to an agent "silent", which never answers.
inline coordinator_actor spawn_coordinator(caf::actor_system& sys, std::shared_ptr<cluster_log> log) {
  return sys.spawn([log](coordinator_actor::pointer self) -> coordinator_actor::behavior_type {
    return {
        [log](const v1::SubmitRun& x) {
          log->submitted.push_back(x);
          v1::RunAccepted out;
          out.set_run_id(x.run_id().empty() ? "r1" : x.run_id());
          return out;
        },
        [](const v1::GetRun& x) -> caf::result<v1::RunDetails> {
          return caf::make_error(ec::not_found, "there is no run " + x.run_id());
        },
        [](const v1::ListRuns&) { return v1::RunList{}; },
        [](const v1::CancelRun&) { return v1::Ack{}; },
        [](const v1::AnswerQuestion&) { return v1::Ack{}; },
        [](const v1::ResumeRuns&) { return v1::RunList{}; },
        [log](const v1::WatchRun& x, const run_watcher_actor& watcher) -> caf::result<v1::RunSummary> {
          if (x.run_id() == "none")
            return caf::make_error(ec::not_found, "there is no run none");
          log->watchers.push_back(watcher);
          v1::RunSummary out;
          out.set_run_id(x.run_id());
          return out;
        },
        [](const v1::ReadWorkspace& x) -> caf::result<v1::WorkspaceView> {
          v1::WorkspaceView out;
          out.set_run_id(x.run_id());
          out.set_document("{}");
          return out;
        },
        [log](const v1::WatchWorkspace& x, const workspace_watcher_actor& watcher) -> caf::result<v1::Ack> {
          if (x.run_id() == "none")
            return to_caf({v1::ERROR_CODE_NOT_FOUND, "run none has no team yet", true});
          log->workspace_watchers.push_back(watcher);
          return v1::Ack{};
        },
        [self, log](const v1::InvokeAgent& x) -> caf::result<v1::TaskResult> {
          auto promise = self->make_response_promise<v1::TaskResult>();
          if (x.agent() == "silent") {
            log->unanswered.push_back(promise);
            return promise;
          }
          v1::TaskResult out;
          out.set_status(v1::TASK_STATUS_SUCCESS);
          *out.mutable_output() = x.message().content();
          promise.deliver(std::move(out));
          return promise;
        },
    };
  });
}

} // namespace troupe::test

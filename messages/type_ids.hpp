#pragma once

#include "messages/protobuf_inspect.hpp"
#include "troupe/v1/agent.pb.h"
#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/common.pb.h"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/run.pb.h"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"
#include "troupe/v1/workspace.pb.h"

#include <caf/type_id.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(troupe, caf::first_custom_type_id)

CAF_ADD_TYPE_ID(troupe, (troupe::v1::Ack))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::AgentList))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::AppendEvents))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::CancelBatch))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::CancelRun))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::CancelTask))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::ClaimRun))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::CreateRun))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::DrainNode))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::EventsAppended))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::FindAgents))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::GetRun))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::Heartbeat))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::HeartbeatAck))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::InvokeAgent))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::JoinCluster))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::JoinedCluster))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::LeaveCluster))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::ListNodes))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::ListRuns))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::NodeList))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::NodeStatus))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::ProgressBatch))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::ResultBatch))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::ResumeRuns))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::RunAccepted))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::RunDetails))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::RunList))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::RunSummary))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::RunUpdate))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::SubmitRun))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::Task))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::TaskLost))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::TaskProgress))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::TaskResult))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::WatchRun))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::AnswerQuestion))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::OpAnswer))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::OpAnswerBatch))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::OpBatch))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::TaskOp))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::ReadWorkspace))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::WatchWorkspace))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::WorkspaceSeen))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::WorkspaceUpdate))
CAF_ADD_TYPE_ID(troupe, (troupe::v1::WorkspaceView))

CAF_END_TYPE_ID_BLOCK(troupe)

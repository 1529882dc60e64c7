#pragma once

#include "troupe/v1/agent.pb.h"
#include "troupe/v1/task.pb.h"

#include <cstdint>
#include <string>

namespace troupe::test {

inline v1::AgentSpec make_spec(std::string name, std::string kind, std::string config = "{}",
                               uint32_t concurrency = 1) {
  v1::AgentSpec out;
  out.set_name(name);
  out.set_kind(std::move(kind));
  out.set_hash("hash of " + name);
  out.set_config_json(std::move(config));
  out.set_concurrency(concurrency);
  out.set_replicas(1);
  return out;
}

inline v1::Task make_task(uint32_t number, std::string input = "null", std::string agent = "a", uint32_t attempt = 1) {
  v1::Task out;
  out.set_run_id("r1");
  out.set_task(number);
  out.set_attempt(attempt);
  out.set_epoch(1);
  out.set_step("step");
  out.set_agent(agent);
  out.set_agent_hash("hash of " + agent);
  out.set_idempotency_key("r1/" + std::to_string(number));
  out.mutable_input()->set_data(std::move(input));
  return out;
}

inline v1::CancelTask make_cancel(uint32_t number, uint32_t attempt = 1) {
  v1::CancelTask out;
  out.set_run_id("r1");
  out.set_task(number);
  out.set_attempt(attempt);
  out.set_reason("not needed");
  return out;
}

} // namespace troupe::test

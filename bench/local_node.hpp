#pragma once

#include "bench/worker_process.hpp"
#include "bench/workflows.hpp"
#include "messages/coordinator.hpp"
#include "messages/dispatcher.hpp"
#include "nodes/node/node.hpp"
#include "nodes/node/node_access.hpp"
#include "runtime/core/json.hpp"

#include <caf/scoped_actor.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace troupe::bench {

/// A node in this process, with the bench's agents, and worker processes that have joined it.
class local_node {
public:
  struct options {
    bool worker = true;
    /// Journal on disk, in a folder of its own that goes away with the node; else in memory.
    bool durable = false;
    /// Worker processes beside this one.
    size_t workers = 0;
    uint32_t capacity = 4'096;
  };

  explicit local_node(const options& how);
  ~local_node();

  caf::actor_system& system() {
    return node_access::system(*node_);
  }

  node_directory& directory() {
    return node_access::directory(*node_);
  }

  dispatcher_actor dispatcher() {
    return directory().find(&node_directory::dispatcher);
  }

  coordinator_actor coordinator() {
    return directory().find(&node_directory::coordinator);
  }

private:
  void await_nodes(size_t count);

  std::filesystem::path folder_;
  std::unique_ptr<node> node_;
  std::vector<std::unique_ptr<child>> workers_;
};

/// Seconds from the submission of a run to the news of its end. Throws unless it succeeds.
double run_once(local_node& at, const std::string& definition, const std::string& input);

/// What a run yields. Throws unless it succeeds.
json run_and_read(local_node& at, const std::string& definition, const std::string& input);

/// Seconds for `count` runs of which `at_once` are under way at any time.
double run_many(local_node& at, const std::string& definition, const std::string& input, size_t count, size_t at_once);

struct task_times {
  double seconds = 0;
  /// From each task to its result.
  std::vector<double> each;
  /// Of the last run; JSON.
  std::string output;
};

/// Sends `count` tasks for `agent` to the dispatcher and keeps `at_once` of them outstanding. `side`: label of the node
/// that they are for ("here", or the name of a worker); empty: any.
task_times send_tasks(local_node& at, size_t count, size_t at_once, const v1::AgentSpec& agent = noop_spec(),
                      const std::string& side = {});

/// Seconds from a task that ends its agent to the result of its second attempt.
double crash_and_ask(local_node& at, const v1::AgentSpec& agent);

} // namespace troupe::bench

#include "nodes/node/node.hpp"

#include "actors/agents/actor_clock.hpp"
#include "actors/agents/builtin_kinds.hpp"
#include "actors/link/accept_peers.hpp"
#include "actors/run/agent_specs.hpp"
#include "actors/scheduler/hand_over.hpp"
#include "messages/errors.hpp"
#include "nodes/node/descriptor_limit.hpp"
#include "nodes/node/logging.hpp"
#include "nodes/node/metrics_server.hpp"
#include "nodes/node/node_access.hpp"
#include "nodes/node/node_parts.hpp"
#include "nodes/node/process_metrics.hpp"
#include "nodes/node/supervision_tree.hpp"
#include "runtime/agents/text/text_tools.hpp"
#include "runtime/journal/sqlite_store.hpp"
#include "runtime/language/load.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>
#include <utility>

namespace troupe {

namespace {

/// Everything of a node must be up, or down, within this time; only running tasks may take longer (the grace time).
constexpr auto patience = std::chrono::seconds{15};

struct system_config : caf::actor_system_config {
  explicit system_config(const node_config& config) {
    add_message_types<caf::id_block::troupe>();
    // One more than there are cores waits for the journal's disk.
    auto journal = config.coordinator && !config.data.empty() ? 1U : 0U;
    auto usual = std::max(1U, std::thread::hardware_concurrency()) + journal;
    set("scheduler.max-threads", config.threads > 0 ? size_t{config.threads} : size_t{usual});
    use_hand_over_scheduler(*this);
  }
};

std::string random_boot_id() {
  std::random_device device;
  std::string out;
  for (int i = 0; i < 16; ++i)
    out += "0123456789abcdef"[device() & 15];
  return out;
}

result<void> bring_agents(node_parts& parts) {
  for (const auto& name : parts.catalog->names()) {
    v1::AgentSpec spec;
    spec.set_name(name);
    spec.set_kind("function");
    spec.set_config_json("{}");
    spec.set_concurrency(4);
    spec.set_replicas(1);
    parts.own_agents.push_back(std::move(spec));
  }
  if (parts.config.agents.empty())
    return {};
  std::ifstream file{parts.config.agents};
  if (!file)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "agents: cannot read " + parts.config.agents);
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto loaded = load_agents({parts.config.agents, std::move(text)});
  if (!loaded) {
    std::string faults;
    for (const auto& fault : loaded.error())
      faults += (faults.empty() ? "" : "\n") + to_string(fault);
    return fail(v1::ERROR_CODE_INVALID_INPUT, std::move(faults));
  }
  for (const auto& [name, agent] : *loaded)
    parts.own_agents.push_back(to_spec(agent));
  return {};
}

/// Takes the data folder, and finds out now what would otherwise only be seen in the log.
result<void> take_data_folder(node_parts& parts) {
  if (!parts.config.coordinator || parts.config.data.empty())
    return {};
  std::error_code failed;
  std::filesystem::create_directories(parts.config.data, failed);
  if (failed)
    return fail(v1::ERROR_CODE_STORE, "cannot make the data folder " + parts.config.data + ": " + failed.message());
  auto opened = sqlite_store::open({parts.config.data});
  if (!opened)
    return tl::unexpected<error>(opened.error());
  auto lock = owner_lock::acquire(parts.config.data, parts.boot_id);
  if (!lock)
    return tl::unexpected<error>(lock.error());
  parts.lock.emplace(std::move(*lock));
  owner_lock::remove_stale(parts.config.data);
  return {};
}

} // namespace

struct node::impl {
  node_parts parts;
  std::unique_ptr<metrics_server> metrics;
  std::shared_ptr<process_metrics> process = std::make_shared<process_metrics>();
  std::string metrics_address;
  std::string listen_address;
  std::unique_ptr<system_config> caf_config;
  std::unique_ptr<caf::actor_system> system;
  supervisor_actor root;

  ~impl() {
    stop();
  }

  result<void> start(node_extensions extensions);
  result<void> start_metrics();
  result<void> start_tree();
  result<void> start_transport();
  result<void> start_listening();
  void stop();
  void drain(caf::scoped_actor& self);
};

result<void> node::impl::start(node_extensions extensions) {
  raise_descriptor_limit();
  add_text_tools(parts.catalog->functions());
  if (extensions.catalog)
    extensions.catalog(*parts.catalog);
  parts.kinds = make_builtin_kinds(parts.catalog);
  if (extensions.kinds)
    extensions.kinds(*parts.kinds);
  if (auto done = bring_agents(parts); !done)
    return done;
  if (auto done = take_data_folder(parts); !done)
    return done;
  if (auto done = start_metrics(); !done)
    return done;
  if (auto done = start_transport(); !done)
    return done;
  if (auto done = start_tree(); !done)
    return done;
  return start_listening();
}

result<void> node::impl::start_transport() {
  link_config config;
  config.self.set_cluster(parts.config.cluster);
  config.self.set_name(parts.config.name);
  config.self.set_boot_id(parts.boot_id);
  config.self.set_role(parts.config.coordinator ? "coordinator" : "worker");
  config.self.set_version(TROUPE_VERSION);
  config.insecure_network = parts.config.insecure_network;
  parts.transport = std::make_shared<link_transport>(std::move(config), parts.metrics.get());
  return {};
}

/// Last: who connects finds everything in place.
result<void> node::impl::start_listening() {
  if (!parts.config.coordinator)
    return {};
  auto at = parse_address(parts.config.listen);
  if (!at)
    return tl::unexpected<error>(at.error());
  peer_neighbours neighbours;
  neighbours.registry = [this] { return parts.directory.find(&node_directory::registry); };
  neighbours.coordinator = [this] { return parts.directory.find(&node_directory::coordinator); };
  auto bound = parts.transport->listen(*at, accept_peers(*system, {}, std::move(neighbours), parts.time));
  if (!bound)
    return tl::unexpected<error>(bound.error());
  listen_address = to_string(*bound);
  return {};
}

result<void> node::impl::start_metrics() {
  if (parts.config.metrics.empty())
    return {};
  auto at = parse_address(parts.config.metrics);
  if (!at)
    return tl::unexpected<error>(at.error());
  auto served = metrics_server::listen(*at, {parts.metrics, process});
  if (!served)
    return fail(served.error().code, "metrics: " + served.error().message);
  metrics = std::move(*served);
  metrics_address = to_string(metrics->at());
  return {};
}

result<void> node::impl::start_tree() {
  caf_config = std::make_unique<system_config>(parts.config);
  system = std::make_unique<caf::actor_system>(*caf_config);
  parts.time = std::make_shared<actor_clock>(*system);
  if (parts.config.data.empty())
    parts.backlog = std::make_shared<journal_backlog>();
  root = system->spawn(supervisor, supervision_tree(parts), supervisor_probe{*parts.metrics, "root"});
  caf::scoped_actor self{*system};
  result<void> out;
  self->request(root, patience, list_children{})
      .receive(
          [&](const std::vector<child_status>& children) {
            for (const auto& child : children)
              if (!child.up)
                out =
                    fail(v1::ERROR_CODE_INTERNAL, "subsystem " + child.id + " did not start; its reason is in the log");
          },
          [&](const caf::error& why) { out = tl::unexpected<error>(from_caf(why)); });
  return out;
}

void node::impl::drain(caf::scoped_actor& self) {
  auto links = parts.directory.find(&node_directory::links);
  v1::DrainNode notice;
  notice.set_node(parts.config.name);
  for (const auto& link : links)
    self->request(link, std::chrono::seconds{3}, notice).receive([](const v1::Ack&) {}, [](const caf::error&) {});
  auto host = parts.directory.find(&node_directory::host);
  if (!host)
    return;
  self->request(host, parts.config.grace, notice)
      .receive([](const v1::Ack&) {},
               [&](const caf::error& why) {
                 spdlog::warn("node {} leaves with tasks unfinished: {}", parts.config.name, from_caf(why).message);
               });
  v1::LeaveCluster goodbye;
  goodbye.set_node(parts.config.name);
  goodbye.set_boot_id(parts.boot_id);
  goodbye.set_reason("it was stopped");
  for (const auto& link : links)
    self->request(link, std::chrono::seconds{3}, goodbye).receive([](const v1::Ack&) {}, [](const caf::error&) {});
  if (auto registry = parts.directory.find(&node_directory::registry))
    self->request(registry, std::chrono::seconds{3}, goodbye).receive([](const v1::Ack&) {}, [](const caf::error&) {});
}

void node::impl::stop() {
  if (!system)
    return;
  if (parts.transport)
    parts.transport->stop_listening();
  {
    caf::scoped_actor self{*system};
    drain(self);
    self->monitor(root);
    self->send_exit(root, caf::exit_reason::user_shutdown);
    bool down = false;
    self->receive_while([&] { return !down; })([&](const caf::down_msg&) { down = true; },
                                               caf::after(patience + parts.config.grace) >>
                                                   [&] {
                                                     // Some actor neither ends nor can be killed: the destructor below
                                                     // would wait for it for ever.
                                                     spdlog::error("node {} did not stop in time; leaving anyway",
                                                                   parts.config.name);
                                                     flush_logging();
                                                     std::_Exit(1);
                                                   });
  }
  root = nullptr;
  parts.directory.clear();
  if (parts.transport)
    parts.transport->stop();
  metrics.reset();
  system.reset();
  parts.time.reset();
}

// ---------------------------------------------------------------------------------------------------------------------

node::node(std::unique_ptr<impl> x) : impl_{std::move(x)} {}

node::~node() = default;

result<std::unique_ptr<node>> node::start(node_config config, node_extensions extensions) {
  if (auto valid = validate(config); !valid)
    return tl::unexpected<error>(valid.error());
  auto x = std::make_unique<impl>();
  x->parts.config = std::move(config);
  x->parts.boot_id = random_boot_id();
  if (auto started = x->start(std::move(extensions)); !started)
    return tl::unexpected<error>(started.error());
  return std::unique_ptr<node>{new node{std::move(x)}};
}

caf::actor_system& node_access::system(node& x) {
  return *x.impl_->system;
}

node_directory& node_access::directory(node& x) {
  return x.impl_->parts.directory;
}

const std::string& node::name() const {
  return impl_->parts.config.name;
}

const std::string& node::boot_id() const {
  return impl_->parts.boot_id;
}

std::string node::listen_address() const {
  return impl_->listen_address;
}

std::string node::metrics_address() const {
  return impl_->metrics_address;
}

void node::stop() {
  impl_->stop();
}

bool node::alive() const {
  if (!impl_->system || !impl_->root)
    return false;
  caf::scoped_actor self{*impl_->system};
  bool answered = false;
  self->request(impl_->root, patience, list_children{})
      .receive([&](const std::vector<child_status>&) { answered = true; }, [](const caf::error&) {});
  return answered;
}

} // namespace troupe

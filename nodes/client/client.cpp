#include "nodes/client/client.hpp"

#include "messages/errors.hpp"
#include "nodes/client/coordinator_link.hpp"
#include "nodes/client/update_receiver.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

namespace troupe {

namespace {

using steady = std::chrono::steady_clock;

/// A coordinator that is started again needs this long at most to be there: its store, its journal, its port.
constexpr milliseconds longest_outage{30'000};
constexpr milliseconds shortest_retry{100};
constexpr milliseconds longest_retry{2'000};
constexpr milliseconds idle_interval{100};

/// Updates that wait for a reader. A run of 100 000 tasks has about 400 000 in all.
constexpr size_t most_updates = 1'000'000;

milliseconds left_until(steady::time_point due) {
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(due - steady::now()));
}

} // namespace

struct client::impl {
  explicit impl(client_options x) : options(std::move(x)), link(options) {
    // nop
  }

  client_options options;
  coordinator_link link;

  template <class Reply, class Handle, class... Ts>
  result<Reply> ask(const Handle& whom, milliseconds timeout, Ts&&... message) {
    if (!whom)
      return fail(v1::ERROR_CODE_UNAVAILABLE, "the connection to the coordinator is lost", true);
    result<Reply> out = fail(v1::ERROR_CODE_INTERNAL, "no answer");
    caf::scoped_actor self{link.system()};
    self->request(whom, timeout, std::forward<Ts>(message)...)
        .receive([&](Reply& x) { out = std::move(x); },
                 [&](const caf::error& why) { out = tl::unexpected(from_caf(why)); });
    return out;
  }

  template <class Reply, class... Ts>
  result<Reply> ask_coordinator(milliseconds timeout, Ts&&... message) {
    return ask<Reply>(link.coordinator(), timeout, std::forward<Ts>(message)...);
  }

  template <class Reply, class... Ts>
  result<Reply> ask_registry(Ts&&... message) {
    return ask<Reply>(link.registry(), options.request_timeout, std::forward<Ts>(message)...);
  }
};

struct run_updates::impl {
  std::shared_ptr<update_queue> queue;
  run_watcher_actor receiver;

  ~impl() {
    caf::anon_send_exit(receiver, caf::exit_reason::user_shutdown);
  }
};

run_updates::run_updates(std::shared_ptr<impl> x) : impl_(std::move(x)) {
  // nop
}

run_updates::run_updates(run_updates&&) noexcept = default;
run_updates& run_updates::operator=(run_updates&&) noexcept = default;
run_updates::~run_updates() = default;

result<std::optional<v1::RunUpdate>> run_updates::next(milliseconds timeout) {
  return impl_->queue->pop(timeout);
}

client::client(std::shared_ptr<impl> x) : impl_(std::move(x)) {
  // nop
}

client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

result<client> client::connect(const std::string& address, client_options options) {
  auto x = std::make_shared<impl>(std::move(options));
  if (auto connected = x->link.connect(address); !connected)
    return tl::unexpected(std::move(connected.error()));
  return client{std::move(x)};
}

result<std::string> client::submit(const json& document, const json& input, const std::string& run_id) {
  v1::SubmitRun request;
  request.set_run_id(run_id);
  try {
    request.set_definition(document.dump());
    request.set_input(input.dump());
  } catch (const json::exception& fault) {
    return fail(v1::ERROR_CODE_INVALID_INPUT, fault.what());
  }
  auto accepted = impl_->ask_coordinator<v1::RunAccepted>(impl_->options.request_timeout, std::move(request));
  if (!accepted)
    return tl::unexpected(std::move(accepted.error()));
  return accepted->run_id();
}

result<run_updates> client::watch(const std::string& run_id) {
  auto coordinator = impl_->link.coordinator();
  if (!coordinator)
    return fail(v1::ERROR_CODE_UNAVAILABLE, "the connection to the coordinator is lost", true);
  auto stream = std::make_shared<run_updates::impl>();
  stream->queue = std::make_shared<update_queue>(most_updates);
  stream->receiver = impl_->link.system().spawn(update_receiver, stream->queue, coordinator);
  v1::WatchRun request;
  request.set_run_id(run_id);
  auto watched =
      impl_->ask<v1::RunSummary>(coordinator, impl_->options.request_timeout, std::move(request), stream->receiver);
  if (!watched)
    return tl::unexpected(std::move(watched.error()));
  return run_updates{std::move(stream)};
}

result<v1::RunFinished> client::wait(const std::string& run_id, milliseconds deadline, const wait_handlers& handlers) {
  auto due = steady::now() + deadline;
  auto outage_due = steady::time_point::max();
  auto retry = shortest_retry;
  std::optional<run_updates> stream;
  for (auto first = true;; first = false) {
    if (handlers.on_idle && !handlers.on_idle())
      return fail(v1::ERROR_CODE_CANCELLED, "the wait was given up");
    if (left_until(due).count() == 0)
      return fail(v1::ERROR_CODE_TIMED_OUT, "the run has not ended within the deadline");
    if (!stream) {
      auto connected = impl_->link.reconnect();
      auto watched = connected ? watch(run_id) : tl::unexpected(connected.error());
      if (watched) {
        stream.emplace(std::move(*watched));
        if (!first && handlers.on_restart)
          handlers.on_restart();
        outage_due = steady::time_point::max();
        retry = shortest_retry;
        continue;
      }
      auto& why = watched.error();
      auto passing = why.code == v1::ERROR_CODE_UNAVAILABLE || why.code == v1::ERROR_CODE_TIMED_OUT;
      if (outage_due == steady::time_point::max())
        outage_due = steady::now() + longest_outage;
      if (first || !passing || left_until(outage_due).count() == 0)
        return tl::unexpected(std::move(why));
      std::this_thread::sleep_for(std::min(retry, left_until(due)));
      retry = std::min(retry * 2, longest_retry);
      continue;
    }
    auto next = stream->next(std::min(idle_interval, left_until(due)));
    if (!next) {
      // Watch again: lost, or too slow.
      stream.reset();
      continue;
    }
    if (!*next)
      continue;
    if (handlers.on_update)
      handlers.on_update(**next);
    if ((*next)->has_run_finished())
      return std::move(*(*next)->mutable_run_finished());
  }
}

result<v1::RunDetails> client::get(const std::string& run_id) {
  v1::GetRun request;
  request.set_run_id(run_id);
  return impl_->ask_coordinator<v1::RunDetails>(impl_->options.request_timeout, std::move(request));
}

result<v1::RunList> client::list(uint32_t limit, bool unfinished_only) {
  v1::ListRuns request;
  request.set_limit(limit);
  request.set_unfinished_only(unfinished_only);
  return impl_->ask_coordinator<v1::RunList>(impl_->options.request_timeout, std::move(request));
}

result<void> client::cancel(const std::string& run_id, const std::string& reason) {
  v1::CancelRun request;
  request.set_run_id(run_id);
  request.set_reason(reason);
  return impl_->ask_coordinator<v1::Ack>(impl_->options.request_timeout, std::move(request)).map([](const auto&) {});
}

result<v1::RunList> client::resume(const std::string& run_id) {
  v1::ResumeRuns request;
  request.set_run_id(run_id);
  return impl_->ask_coordinator<v1::RunList>(impl_->options.request_timeout, std::move(request));
}

namespace {

/// Fills in what the sender left out.
v1::InvokeAgent invocation(v1::AgentMessage message, const std::string& own_name, milliseconds deadline) {
  constexpr std::string_view by_capability = "capability:";
  v1::InvokeAgent out;
  if (message.to().starts_with(by_capability))
    out.set_capability(message.to().substr(by_capability.size()));
  else
    out.set_agent(message.to());
  if (message.from().empty())
    message.set_from(own_name);
  if (message.type() == v1::AgentMessage::TYPE_UNSPECIFIED)
    message.set_type(message.requires_response() ? v1::AgentMessage::TYPE_REQUEST : v1::AgentMessage::TYPE_EVENT);
  if (message.timestamp_ms() == 0) {
    auto now = std::chrono::system_clock::now().time_since_epoch();
    message.set_timestamp_ms(std::chrono::duration_cast<milliseconds>(now).count());
  }
  if (message.timeout_ms() == 0)
    message.set_timeout_ms(static_cast<uint32_t>(std::min<int64_t>(deadline.count(), UINT32_MAX)));
  *out.mutable_message() = std::move(message);
  return out;
}

} // namespace

result<v1::TaskResult> client::request(v1::AgentMessage message, milliseconds deadline) {
  message.set_requires_response(true);
  auto what = invocation(std::move(message), impl_->options.name, deadline);
  return impl_->ask_coordinator<v1::TaskResult>(deadline, std::move(what));
}

result<void> client::send(v1::AgentMessage message) {
  message.set_requires_response(false);
  auto whom = impl_->link.coordinator();
  if (!whom)
    return fail(v1::ERROR_CODE_UNAVAILABLE, "the connection to the coordinator is lost", true);
  caf::scoped_actor self{impl_->link.system()};
  self->send(whom, invocation(std::move(message), impl_->options.name, impl_->options.request_timeout));
  return {};
}

result<v1::AgentList> client::agents(const v1::FindAgents& query) {
  return impl_->ask_registry<v1::AgentList>(query);
}

result<v1::NodeList> client::nodes() {
  return impl_->ask_registry<v1::NodeList>(v1::ListNodes{});
}

result<void> client::drain(const std::string& node) {
  v1::DrainNode request;
  request.set_node(node);
  return impl_->ask_registry<v1::Ack>(std::move(request)).map([](const auto&) {});
}

} // namespace troupe

#include "nodes/client/client.hpp"

#include "nodes/client/client_impl.hpp"
#include "nodes/client/follow.hpp"
#include "nodes/client/update_queue.hpp"
#include "runtime/core/json_io.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe {

namespace {

/// Updates that wait for a reader. A run of 100 000 tasks has about 400 000 in all.
constexpr size_t most_updates = 1'000'000;

v1::Ack* take_ack(v1::Envelope& x) {
  return x.has_ack() ? x.mutable_ack() : nullptr;
}

v1::RunList* take_run_list(v1::Envelope& x) {
  return x.has_run_list() ? x.mutable_run_list() : nullptr;
}

} // namespace

struct run_updates::impl {
  /// The connection that the updates come over.
  std::shared_ptr<link_client> link;
  std::shared_ptr<update_queue<v1::RunUpdate>> queue;
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
  auto x = std::make_shared<impl>();
  x->options = std::move(options);
  x->address = address;
  if (auto connected = x->connect(); !connected)
    return tl::unexpected(std::move(connected.error()));
  return client{std::move(x)};
}

result<std::string> client::submit(const json& document, const json& input, const std::string& run_id) {
  v1::Envelope question;
  auto& submit = *question.mutable_submit_run();
  submit.set_run_id(run_id);
  try {
    submit.set_definition(document.dump());
    submit.set_input(input.dump());
  } catch (const json::exception& fault) {
    return fail(v1::ERROR_CODE_INVALID_INPUT, fault.what());
  }
  return impl_
      ->ask<v1::RunAccepted>(std::move(question),
                             [](v1::Envelope& x) { return x.has_run_accepted() ? x.mutable_run_accepted() : nullptr; })
      .map([](const v1::RunAccepted& x) { return x.run_id(); });
}

result<run_updates> client::watch(const std::string& run_id) {
  auto stream = std::make_shared<run_updates::impl>();
  stream->link = impl_->link();
  stream->queue = std::make_shared<update_queue<v1::RunUpdate>>(most_updates);
  link_client::watch_handlers handlers;
  handlers.on_update = [queue = stream->queue](v1::RunUpdate x) { queue->push(std::move(x)); };
  handlers.on_end = [queue = stream->queue](const result<void>& how) {
    queue->close(how ? error{v1::ERROR_CODE_NOT_FOUND, "the run has ended: no more updates", false} : how.error());
  };
  stream->link->watch(run_id, impl_->options.request_timeout, std::move(handlers));
  return run_updates{std::move(stream)};
}

result<v1::RunFinished> client::wait(const std::string& run_id, milliseconds deadline, const wait_handlers& handlers) {
  followed<run_updates, v1::RunUpdate> what;
  what.open = [&] { return impl_->reconnect().and_then([&] { return watch(run_id); }); };
  what.on_update = [&](const v1::RunUpdate& x) {
    if (handlers.on_update)
      handlers.on_update(x);
  };
  what.is_last = [](const v1::RunUpdate& x) { return x.has_run_finished(); };
  what.on_restart = handlers.on_restart;
  what.on_idle = handlers.on_idle;
  what.too_late = "the run has not ended within the deadline";
  return follow(deadline, what).map([](v1::RunUpdate x) { return std::move(*x.mutable_run_finished()); });
}

result<v1::RunDetails> client::get(const std::string& run_id) {
  v1::Envelope question;
  question.mutable_get_run()->set_run_id(run_id);
  return impl_->ask<v1::RunDetails>(
      std::move(question), [](v1::Envelope& x) { return x.has_run_details() ? x.mutable_run_details() : nullptr; });
}

result<v1::RunList> client::list(uint32_t limit, bool unfinished_only) {
  v1::Envelope question;
  question.mutable_list_runs()->set_limit(limit);
  question.mutable_list_runs()->set_unfinished_only(unfinished_only);
  return impl_->ask<v1::RunList>(std::move(question), take_run_list);
}

result<void> client::cancel(const std::string& run_id, const std::string& reason) {
  v1::Envelope question;
  question.mutable_cancel_run()->set_run_id(run_id);
  question.mutable_cancel_run()->set_reason(reason);
  return impl_->ask<v1::Ack>(std::move(question), take_ack).map([](const auto&) {});
}

result<void> client::answer(const std::string& run_id, const std::string& question, const json& content,
                            const std::string& who) {
  v1::Envelope message;
  auto& out = *message.mutable_answer_question();
  out.set_run_id(run_id);
  out.set_question(question);
  out.set_content(print_json(content));
  out.set_who(who);
  return impl_->ask<v1::Ack>(std::move(message), take_ack).map([](const auto&) {});
}

result<v1::RunList> client::resume(const std::string& run_id) {
  v1::Envelope question;
  question.mutable_resume_runs()->set_run_id(run_id);
  return impl_->ask<v1::RunList>(std::move(question), take_run_list);
}

namespace {

/// Fills in what the sender left out.
v1::Envelope invocation(v1::AgentMessage message, const std::string& own_name, milliseconds deadline) {
  constexpr std::string_view by_capability = "capability:";
  v1::Envelope question;
  auto& out = *question.mutable_invoke_agent();
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
  return question;
}

} // namespace

result<v1::TaskResult> client::request(v1::AgentMessage message, milliseconds deadline) {
  message.set_requires_response(true);
  auto answer = impl_->link()->ask(invocation(std::move(message), impl_->options.name, deadline), deadline);
  return impl::unpack<v1::TaskResult>(
      std::move(answer), [](v1::Envelope& x) { return x.has_task_result() ? x.mutable_task_result() : nullptr; });
}

result<void> client::send(v1::AgentMessage message) {
  message.set_requires_response(false);
  auto link = impl_->link();
  if (!link->is_connected())
    return fail(v1::ERROR_CODE_UNAVAILABLE, "the connection to the coordinator is lost", true);
  link->request(invocation(std::move(message), impl_->options.name, impl_->options.request_timeout),
                impl_->options.request_timeout, [](const link_client::answer&) {});
  return {};
}

result<v1::AgentList> client::agents(const v1::FindAgents& query) {
  v1::Envelope question;
  *question.mutable_find_agents() = query;
  return impl_->ask<v1::AgentList>(
      std::move(question), [](v1::Envelope& x) { return x.has_agent_list() ? x.mutable_agent_list() : nullptr; });
}

result<v1::NodeList> client::nodes() {
  v1::Envelope question;
  question.mutable_list_nodes();
  return impl_->ask<v1::NodeList>(std::move(question),
                                  [](v1::Envelope& x) { return x.has_node_list() ? x.mutable_node_list() : nullptr; });
}

result<void> client::drain(const std::string& node) {
  v1::Envelope question;
  question.mutable_drain_node()->set_node(node);
  return impl_->ask<v1::Ack>(std::move(question), take_ack).map([](const auto&) {});
}

} // namespace troupe

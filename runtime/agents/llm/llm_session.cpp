#include "runtime/agents/llm/llm_session.hpp"

#include "runtime/agents/http/http_status.hpp"
#include "runtime/agents/http/judgement.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/agents/llm/chat_request.hpp"
#include "runtime/agents/llm/structured_output.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/team/brief.hpp"
#include "runtime/team/op_json.hpp"
#include "runtime/team/operation_tools.hpp"
#include "runtime/team/verdict.hpp"

#include <utility>

namespace troupe {

namespace {

constexpr std::string_view event_stream = "text/event-stream";

v1::Error make_error(errc code, std::string message, bool retryable) {
  return error{code, std::move(message), retryable}.to_proto();
}

} // namespace

llm_session::llm_session(std::shared_ptr<const llm_settings> config, std::shared_ptr<const llm_endpoint> endpoint,
                         const v1::Task& task, const clock& time)
    : config_{std::move(config)}, endpoint_{std::move(endpoint)}, input_{task.input()},
      traceparent_{task.traceparent()}, time_{time}, turn_{task.turn()}, in_team_{task.has_turn()} {}

http_action llm_session::step(const http_event& event) {
  return std::visit([this](auto& x) { return on(x); }, event);
}

std::string llm_session::progress() const {
  auto n = pieces_ + reply_.pieces();
  if (n == 0)
    return {};
  auto out = "about " + std::to_string(n) + (n == 1 ? " token" : " tokens");
  if (repairs_ > 0)
    out += ", correction " + std::to_string(repairs_);
  return out;
}

http_action llm_session::on(const http_begin&) {
  // What a member is told is said in words below; as the question it would only repeat that.
  if (in_team_ && turn_.context().empty() && !config_->prompt) {
    turn_.mutable_context()->swap(*input_.mutable_data());
    input_.set_data(turn_.answering() ? R"("Answer the question.")"
                                      : R"("It is your turn: do your part of the work.")");
  }
  auto messages = first_messages(*config_, input_);
  if (!messages)
    return give_up(messages.error().to_proto());
  messages_ = std::move(*messages);
  if (in_team_)
    begin_turn();
  return ask();
}

void llm_session::begin_turn() {
  tools_ = operation_tools(turn_.answering());
  auto context = json::parse(turn_.context().empty() ? input_.data() : turn_.context(), nullptr, false);
  if (!context.is_object())
    return;
  // One system message: not every model takes two.
  if (messages_.front()["role"] == "system")
    messages_.front()["content"] = messages_.front()["content"].get<std::string>() + "\n\n" + brief(context);
  else
    messages_.insert(messages_.begin(), json{{"role", "system"}, {"content", brief(context)}});
  reviews_ = context.value("reviews", json{}) == true;
  if (auto i = context.find("phase"); i != context.end() && i->is_string())
    in_phases_ = !i->get_ref<const std::string&>().empty();
  if (auto i = context.find("writes"); i != context.end() && i->is_string())
    writes_ = i->get<std::string>();
}

http_action llm_session::ask() {
  end_turn();
  events_ = sse_parser{};
  streaming_ = false;
  body_.clear();
  http_request out;
  out.url = endpoint_->base_url + "/chat/completions";
  out.body = print_json(chat_body(*config_, messages_, tools_));
  out.stream = config_->stream;
  out.max_response_bytes = config_->max_response_bytes;
  out.headers = config_->headers;
  out.headers.push_back({"Content-Type", "application/json"});
  if (!endpoint_->api_key.empty() && !find_header(out.headers, "Authorization"))
    out.headers.push_back({"Authorization", "Bearer " + endpoint_->api_key});
  if (!traceparent_.empty() && is_header_value(traceparent_))
    out.headers.push_back({"traceparent", traceparent_});
  return out;
}

http_action llm_session::on(const http_head& head) {
  streaming_ = media_type(head.headers) == event_stream;
  return http_wait{};
}

http_action llm_session::on(const http_body_part& part) {
  if (auto ok = feed(part.bytes); !ok)
    return give_up(ok.error().to_proto());
  return http_wait{};
}

result<void> llm_session::feed(std::string_view bytes) {
  if (!streaming_) {
    body_ += bytes;
    return {};
  }
  std::vector<sse_event> events;
  if (auto ok = events_.feed(bytes, events); !ok)
    return ok;
  return read_events(events);
}

result<void> llm_session::read_events(const std::vector<sse_event>& events) {
  for (auto& event : events)
    if (auto ok = reply_.add_chunk(event.data); !ok)
      return ok;
  return {};
}

http_action llm_session::on(const http_response& response) {
  if (response.status < 200 || response.status > 299)
    return give_up(chat_error(response, time_.wall_ms()));
  if (!response.body.empty()) {
    streaming_ = media_type(response.headers) == event_stream;
    if (auto ok = feed(response.body); !ok)
      return give_up(ok.error().to_proto());
  }
  auto ok = streaming_ ? end_stream() : reply_.add_whole(body_);
  if (!ok)
    return give_up(ok.error().to_proto());
  return answered();
}

result<void> llm_session::end_stream() {
  std::vector<sse_event> events;
  if (auto ok = events_.finish(events); !ok)
    return ok;
  auto ok = read_events(events);
  // Half an event: `answered` will find that the stream ended too early.
  if (!ok && ok.error().code == v1::ERROR_CODE_INVALID_OUTPUT)
    return {};
  return ok;
}

http_action llm_session::on(const error& failure) {
  return give_up(failure.to_proto());
}

http_action llm_session::answered() {
  auto reason = reply_.finish_reason();
  if (!reply_.done())
    return give_up(v1::ERROR_CODE_UNAVAILABLE, "the stream ended before the model had finished", true);
  if (reason == "length")
    return give_up(v1::ERROR_CODE_INVALID_OUTPUT,
                   config_->max_tokens ? "the answer was cut off at max_tokens = "
                                             + std::to_string(*config_->max_tokens) + "; raise max_tokens"
                                       : "the answer was cut off at the model's limit; ask for less, or set max_tokens",
                   false);
  if (reason == "content_filter")
    return give_up(v1::ERROR_CODE_AGENT_FAILED, "the server's content filter stopped the answer", false);
  if (!reply_.tool_calls().empty() && in_team_) {
    if (++tool_turns_ > most_tool_turns)
      return give_up(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                     "the model used tools " + std::to_string(most_tool_turns) + " times without an answer", false);
    tool_answers_.clear();
    return use_tools();
  }
  if (reason == "tool_calls" || reason == "function_call")
    return give_up(v1::ERROR_CODE_AGENT_FAILED, "the model asked for a tool; this agent offers none", false);
  if (reply_.content().empty() && !reply_.refusal().empty())
    return give_up(v1::ERROR_CODE_AGENT_FAILED, "the model refused: " + clean_text(reply_.refusal(), 400), false);
  return judge();
}

http_action llm_session::use_tools() {
  const auto& calls = reply_.tool_calls();
  while (tool_answers_.size() < calls.size()) {
    const auto& call = calls[tool_answers_.size()];
    auto operation = parse_payload(call.arguments.empty() ? std::string{"{}"} : call.arguments);
    if (operation && operation->is_object()) {
      (*operation)["op"] = call.name;
      if (auto op = parse_operation(*operation))
        return std::move(*op);
      else
        tool_answers_.push_back(print_json(json{{"error", op.error().message}}));
    } else {
      tool_answers_.push_back(
          print_json(json{{"error", "the arguments are no JSON object"
                                        + (operation ? std::string{} : ": " + operation.error().message)}}));
    }
  }
  append_tools(messages_, reply_, tool_answers_);
  return ask();
}

http_action llm_session::on(const v1::OpAnswer& answer) {
  const auto& call = reply_.tool_calls()[tool_answers_.size()];
  auto arguments = parse_payload(call.arguments).value_or(json{});
  if (!answer.has_error() && arguments.is_object()) {
    if (call.name == "put" && !writes_.empty() && arguments.value("artifact", json{}) == writes_)
      has_written_ = true;
    // In phases a handoff is a message like others: who is next is settled.
    if (call.name == "handoff" && !in_phases_)
      has_handed_over_ = true;
  }
  tool_answers_.push_back(print_json(answer_to_json(answer)));
  return use_tools();
}

http_action llm_session::judge() {
  v1::TaskResult out;
  out.set_status(v1::TASK_STATUS_SUCCESS);
  if (!config_->output) {
    if (reply_.content().empty() && tool_turns_ == 0)
      return give_up(v1::ERROR_CODE_INVALID_OUTPUT, "the model said nothing", true);
    if (owes_verdict()) {
      const auto said = extract_json(reply_.content()).value_or(json{});
      if (auto fault = verdict_fault(verdict_in(said)))
        return lacks_verdict(*fault);
    }
    take_text(out);
    return finish(std::move(out));
  }
  auto checked = check_output(reply_.content(), *config_->output);
  if (!checked.faults.empty())
    return send_back(checked.faults, "the answer does not fit the output schema");
  if (owes_verdict())
    if (auto fault = verdict_fault(verdict_in(checked.value)))
      return lacks_verdict(*fault);
  take_judgement(checked.value, out);
  out.mutable_output()->set_content_type("application/json");
  out.mutable_output()->set_data(checked.value.dump());
  return finish(std::move(out));
}

bool llm_session::owes_verdict() const {
  // Who hands the work over has said that way who is next.
  return turn_.reviews() && !has_handed_over_;
}

http_action llm_session::lacks_verdict(const std::string& fault) {
  return send_back({fault + "; you review the work: answer " + std::string{verdict_form}},
                   "the review ends without a verdict");
}

http_action llm_session::send_back(const std::vector<std::string>& faults, const std::string& what) {
  if (repairs_ < config_->repair_turns) {
    ++repairs_;
    append_repair(messages_, reply_.content(), faults);
    return ask();
  }
  return give_up(v1::ERROR_CODE_INVALID_OUTPUT,
                 what + " after " + std::to_string(repairs_) + " corrections: " + clean_text(faults.front(), 400),
                 true);
}

void llm_session::take_text(v1::TaskResult& out) {
  auto& output = *out.mutable_output();
  output.set_content_type("application/json");
  // Before all else: a verdict that is lost lets pass whatever was to be reviewed.
  if (reviews_) {
    auto value = extract_json(reply_.content());
    if (value && verdict_in(*value) != nullptr) {
      output.set_data(print_json(*value));
      return;
    }
  }
  if (has_written_ || reply_.content().empty()) {
    output.set_data("null");
    return;
  }
  output.set_content_type("text/plain");
  output.set_data(reply_.content());
}

void llm_session::end_turn() {
  auto reply = std::exchange(reply_, {});
  pieces_ += reply.pieces();
  usage_.set_tokens_in(usage_.tokens_in() + reply.tokens_in());
  usage_.set_tokens_out(usage_.tokens_out() + reply.tokens_out());
}

v1::TaskResult llm_session::finish(v1::TaskResult out) {
  end_turn();
  constexpr double million = 1e6;
  usage_.set_usd((static_cast<double>(usage_.tokens_in()) * config_->price.input
                  + static_cast<double>(usage_.tokens_out()) * config_->price.output)
                 / million);
  *out.mutable_usage() = usage_;
  return out;
}

v1::TaskResult llm_session::give_up(v1::Error failure) {
  failure.set_message(redact(failure.message(), endpoint_->api_key));
  return finish(failed_result(std::move(failure)));
}

v1::TaskResult llm_session::give_up(errc code, std::string message, bool retryable) {
  return give_up(make_error(code, std::move(message), retryable));
}

} // namespace troupe

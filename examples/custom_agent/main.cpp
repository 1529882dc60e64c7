// A node with agents of its own. It takes the options of `troupe node`:
//
//     troupe up -n 2
//     custom_agent --name greeter-1 --role worker --join 127.0.0.1:7400
//     troupe send greet '{"name": "Ada"}'
//
// `oak_function` and `oak_actor` are members of a team: docs/agents.md shows them.
#include <troupe/node.hpp>

#include "messages/errors.hpp"
#include "runtime/agents/function/function_agent.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

using troupe::json;

namespace {

// A function that waits for what its operations come to; so it is registered as blocking.
troupe::result<troupe::task_output> oak_function(const troupe::task_input& in) {
  auto answer = in.operate(json{{"op", "ask"}, {"to", "researcher"}, {"content", "how old do oaks become?"}});
  if (!answer)
    return tl::unexpected(answer.error());
  troupe::v1::TaskOp put;
  put.mutable_put()->set_artifact("draft");
  put.mutable_put()->set_value(json("Oaks become " + answer->at("content").dump() + " years old.").dump());
  if (auto done = in.operate(std::move(put)); !done)
    return tl::unexpected(done.error());
  return json();
}

// An actor: it sends a TaskOp, goes on with other things, and gets an OpAnswer.
troupe::agent_actor::behavior_type oak_actor(troupe::agent_actor::pointer self,
                                             troupe::operation_sink_actor operations) {
  return {
      [=](const troupe::v1::Task& task) {
        auto promise = self->make_response_promise<troupe::v1::TaskResult>();
        auto ask = troupe::operation_for(task, 1);
        ask.mutable_ask()->set_to("researcher");
        ask.mutable_ask()->set_content(R"("how old do oaks become?")");
        self->request(operations, std::chrono::seconds{300}, ask)
            .then(
                [=](const troupe::v1::OpAnswer& answer) mutable {
                  auto out = troupe::result_for(task);
                  if (answer.has_error()) {
                    out.set_status(troupe::v1::TASK_STATUS_FAILED);
                    *out.mutable_error() = answer.error();
                  } else {
                    auto years = json::parse(answer.value()).at("content").dump();
                    out.set_status(troupe::v1::TASK_STATUS_SUCCESS);
                    out.mutable_output()->set_data(json("Oaks become " + years + " years old.").dump());
                  }
                  promise.deliver(std::move(out));
                },
                // The task has ended, the host is gone, or nobody answered in time.
                [=](const caf::error& why) mutable {
                  promise.deliver(troupe::failed_result(task, troupe::from_caf(why)));
                });
        return promise;
      },
      [](const troupe::v1::CancelTask&) {},
  };
}

} // namespace

int main(int argc, char** argv) {
  troupe::node_extensions mine;
  mine.catalog = [](troupe::agent_catalog& agents) {
    agents.functions().add("greet", [](const troupe::task_input& in) -> troupe::result<troupe::task_output> {
      return json{{"text", "hello, " + in.at("name").get<std::string>()}};
    });
    agents.functions().add("oak_function", oak_function, {.blocking = true});
    agents.add_actor("oak_actor", [](const troupe::v1::AgentSpec&, const troupe::agent_context& context) {
      return troupe::result<troupe::agent_actor>{context.system->spawn(oak_actor, context.operations)};
    });
  };
  return troupe::node_main(argc, argv, mine);
}

// A client program: joins a cluster, submits a workflow, watches it, and asks an agent something directly.
//
//     troupe up -n 2
//     client_example 127.0.0.1:7400
#include <troupe/client.hpp>

#include <chrono>
#include <iostream>

namespace {

using namespace std::chrono_literals;

const auto workflow = troupe::json::parse(R"({
  "workflow": "greetings",
  "agents": {"greeter": {"kind": "lua", "script": "return 'hello, ' .. input.name"}},
  "steps": [{"id": "greet", "parallel": {"each": "$.input.names", "agent": "greeter", "input": {"name": "$.item"}}}],
  "output": "$.steps.greet.aggregated_result"
})");

int complain(const troupe::error& why) {
  std::cerr << troupe::v1::ErrorCode_Name(why.code) << ": " << why.message << '\n';
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  auto cluster = troupe::client::connect(argc > 1 ? argv[1] : "127.0.0.1:7400");
  if (!cluster)
    return complain(cluster.error());

  auto run = cluster->submit(workflow, {{"names", {"Ada", "Grace"}}});
  if (!run)
    return complain(run.error());
  troupe::wait_handlers watch;
  watch.on_update = [](const troupe::v1::RunUpdate& x) {
    if (x.has_task_ended())
      std::cerr << x.task_ended().step() << " ended on " << x.task_ended().node() << '\n';
  };
  auto end = cluster->wait(*run, 30s, watch);
  if (!end)
    return complain(end.error());
  std::cout << end->output() << '\n';

  troupe::v1::AgentMessage question;
  question.set_to("text.keywords");
  question.mutable_content()->set_data(R"({"text": "Actors send messages. Messages are typed."})");
  auto answer = cluster->request(question, 10s);
  if (!answer)
    return complain(answer.error());
  std::cout << answer->output().data() << '\n';
  return answer->status() == troupe::v1::TASK_STATUS_SUCCESS ? 0 : 1;
}

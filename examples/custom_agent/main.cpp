// A node with an agent of its own. It takes the options of `troupe node`:
//
//     troupe up -n 2
//     custom_agent --name greeter-1 --role worker --join 127.0.0.1:7400
//     troupe send greet '{"name": "Ada"}'
#include <troupe/node.hpp>

int main(int argc, char** argv) {
  troupe::node_extensions mine;
  mine.catalog = [](troupe::agent_catalog& agents) {
    agents.functions().add("greet", [](const troupe::task_input& in) -> troupe::result<troupe::task_output> {
      return troupe::json{{"text", "hello, " + in.at("name").get<std::string>()}};
    });
  };
  return troupe::node_main(argc, argv, mine);
}

#pragma once

#include "nodes/node/node.hpp"

namespace troupe {

/// `main` of a program that is a node with agents of its own; it takes the options of `troupe node`:
///
///     int main(int argc, char** argv) {
///       return troupe::node_main(argc, argv, {.catalog = [](troupe::agent_catalog& agents) {
///         agents.functions().add("greet", [](const troupe::task_input& in) -> troupe::result<troupe::task_output> {
///           return troupe::json{{"text", "hello " + in.at("name").get<std::string>()}};
///         });
///       }});
///     }
int node_main(int argc, char** argv, node_extensions extensions = {});

} // namespace troupe

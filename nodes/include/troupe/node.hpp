#pragma once

// A node with agents of your own: #include <troupe/node.hpp>, link troupe::troupe.
#include "actors/agents/agent_catalog.hpp"
#include "nodes/cli/node_main.hpp"

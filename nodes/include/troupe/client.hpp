#pragma once

// The client library: #include <troupe/client.hpp>, link troupe::troupe.
#include "nodes/client/client.hpp"

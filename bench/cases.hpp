#pragma once

#include "bench/figures.hpp"

namespace troupe::bench {

/// One theme each; see docs/performance.md for what they measure and why.
void machine_case(report& out);
void cores_case(report& out);
void task_case(report& out);
void fanout_case(report& out);
void link_case(report& out);
void nodes_case(report& out);
void pipeline_case(report& out);
void memory_case(report& out);
void idle_case(report& out);
void restart_case(report& out);
void sleep_case(report& out);
/// Runs before all others.
void cache_line_case(report& out);
void team_case(report& out);
void ask_case(report& out);

} // namespace troupe::bench

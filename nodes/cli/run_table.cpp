#include "nodes/cli/run_table.hpp"

#include "nodes/cli/format.hpp"
#include "nodes/cli/table.hpp"
#include "runtime/run/state_name.hpp"

namespace troupe::cli {

std::string run_table(const v1::RunList& list) {
  constexpr size_t longest_error = 80;
  table out{{"RUN", "STATE", "WORKFLOW", "STARTED", ">TOOK", "ERROR"}};
  for (const auto& x : list.runs()) {
    out.add({x.run_id(), std::string{state_name(x.state())}, x.workflow(), format_time(x.created_at_ms()),
             x.finished_at_ms() == 0 ? "-" : format_duration(x.finished_at_ms() - x.created_at_ms()),
             clip(x.error(), longest_error)});
  }
  return out.to_string();
}

} // namespace troupe::cli

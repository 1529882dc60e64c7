#pragma once

#include <span>
#include <string_view>

namespace troupe::fuzz {

/// What is fed with garbage: a part of the core that meets bytes of strangers. `feed` returns for any input; it ends
/// the process when a law of that part is broken.
struct target {
  const char* name;
  void (*feed)(std::string_view data);
  /// Most processor time for one input, with the sanitizers on.
  double seconds;
};

std::span<const target> targets();

/// Null when there is none of that name.
const target* find_target(std::string_view name);

/// Feeds one input; ends the process when it takes longer than the target may, on this thread's own processor time.
/// `slowdown` multiplies the bound.
void feed_in_time(const target& to, std::string_view data, double slowdown = 1);

void workflow_text(std::string_view data);
void jsonpath_query(std::string_view data);
void lua_source(std::string_view data);
void template_text(std::string_view data);
void json_text(std::string_view data);
void schema_text(std::string_view data);
void link_frames(std::string_view data);
void journal_record(std::string_view data);
void run_history(std::string_view data);
void process_output(std::string_view data);
void llm_stream(std::string_view data);

} // namespace troupe::fuzz

#pragma once

#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"

#include <string>

namespace troupe {

/// Replaces what is no UTF-8 by U+FFFD. Protobuf writes malformed strings and refuses to read them: one agent that
/// reports an error in Latin-1 would end the link of its whole node.
void make_valid_text(std::string& x);

/// The strings of a result or a sign of progress that an agent may have chosen.
void make_valid_text(v1::TaskResult& x);
void make_valid_text(v1::TaskProgress& x);
/// The same of what a member of a team does.
void make_valid_text(v1::TaskOp& x);

} // namespace troupe

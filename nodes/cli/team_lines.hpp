#pragma once

#include "troupe/v1/team.pb.h"

#include <string>

namespace troupe::cli {

/// One thing that happened in a team, on one line without its end: "write: writer → researcher asks: how many?". Empty
/// when it says nothing new (a turn that began is followed by what it did).
std::string team_line(const v1::TeamEvent& x);

} // namespace troupe::cli

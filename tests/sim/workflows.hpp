#pragma once

#include "runtime/core/random.hpp"

#include <string>

namespace troupe::sim {

struct work {
  /// Canonical JSON.
  std::string definition;
  std::string input;
};

/// One of a handful of documents, which together use every construct of the language, with an input for it.
work choose_work(random_source& dice);

} // namespace troupe::sim

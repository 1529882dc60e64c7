#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/lazy_json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace troupe {

/// One version of an artifact.
struct artifact_version {
  /// From 1.
  uint64_t version = 0;
  std::string author;
  int64_t at_ms = 0;
  /// Of the value as JSON text.
  size_t bytes = 0;
  lazy_json value;
  /// How a conflict was settled, where there was one.
  std::string conflict;
};

/// How a team ended.
struct team_end {
  /// phases | approved | until | rounds | handed_over | selector | max_iterations | failed | stopped
  std::string reason;
  bool completed = false;
  uint32_t iterations = 0;
  uint32_t turns = 0;
  /// What went wrong; empty where nothing did.
  std::string why;
};

/// One thing that changed in a workspace: what a copy needs to stay equal (workspace::apply).
struct workspace_change {
  struct written {
    std::string artifact;
    artifact_version now;
  };
  /// A message or a note, as the document shows it. So are decisions and questions.
  struct logged {
    lazy_json entry;
  };
  struct decided {
    json entry;
  };
  struct asked {
    json entry;
  };
  struct settled {
    std::string question;
  };
  struct progressed {
    std::string phase;
    uint32_t iteration = 0;
    uint32_t turn = 0;
    std::string last_role;
    /// Whose turn begins; empty where none does. For those who watch: no part of the document.
    std::string on_turn;
  };

  /// Dense from 1 in the life of a workspace. The same number means the same content on every replay.
  uint64_t seq = 0;
  std::variant<written, logged, decided, asked, settled, progressed, team_end> what;
};

} // namespace troupe

#pragma once

#include "runtime/core/json.hpp"
#include "troupe/v1/workspace.pb.h"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::test {

/// What a watcher can know: the document that it was given, kept up with the changes that it heard since.
class workspace_mirror {
public:
  /// Says what is wrong with the stream; empty when nothing is.
  std::string take(const v1::WorkspaceUpdate& x) {
    if (ended)
      return "something came after the end";
    if (x.has_document()) {
      ++documents;
      if (seq && x.seq() < *seq)
        return "a document from the past";
      seq = x.seq();
      document = json::parse(x.document().document());
      return {};
    }
    if (!seq)
      return "a change before the first document";
    auto repeated = x.has_ended() && x.seq() == *seq;
    if (x.seq() != *seq + 1 && !repeated)
      return "a gap: " + std::to_string(x.seq()) + " after " + std::to_string(*seq);
    seq = x.seq();
    apply(x);
    return {};
  }

  std::optional<uint64_t> seq;
  json document;
  bool ended = false;
  /// How often it was given the whole.
  int documents = 0;

private:
  void apply(const v1::WorkspaceUpdate& x) {
    switch (x.what_case()) {
    case v1::WorkspaceUpdate::kWritten: {
      const auto& name = x.written().artifact();
      const auto& version = x.written().version();
      document["versions"][name] = version.version();
      document["artifacts"][name] =
          x.written().value().empty()
              ? json{{"$artifact", name}, {"version", version.version()}, {"bytes", version.bytes()}}
              : json::parse(x.written().value());
      break;
    }
    case v1::WorkspaceUpdate::kLogged: {
      auto& log = document["communication_log"];
      log.push_back(json::parse(x.logged()));
      if (log.size() > 50) {
        log.erase(log.begin());
        document["earlier_messages"] = document["earlier_messages"].get<int>() + 1;
      }
      break;
    }
    case v1::WorkspaceUpdate::kDecided:
      document["decisions_made"].push_back(json::parse(x.decided()));
      break;
    case v1::WorkspaceUpdate::kAsked:
      document["open_questions"].push_back(json::parse(x.asked()));
      break;
    case v1::WorkspaceUpdate::kSettled: {
      auto& open = document["open_questions"];
      for (auto i = open.begin(); i != open.end(); ++i)
        if (i->value("id", "") == x.settled()) {
          open.erase(i);
          break;
        }
      break;
    }
    case v1::WorkspaceUpdate::kProgress:
      document["current_phase"] = x.progress().phase();
      document["iteration"] = x.progress().iteration();
      document["turn"] = x.progress().turn();
      document["last_role"] = x.progress().last_role();
      break;
    case v1::WorkspaceUpdate::kEnded:
      ended = true;
      break;
    default:
      break;
    }
  }
};

/// Without what a mirror cannot know: when each version was written is said to it, but it keeps no list.
inline json comparable(json document) {
  document.erase("changes");
  return document;
}

} // namespace troupe::test

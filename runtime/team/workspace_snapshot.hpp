#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/lazy_json.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// What a workspace showed at one moment. Made in no time, because it shares what has not changed; the document is
/// built only for whoever looks at it, and its text is put together from the texts of the artifacts. One thread at a
/// time.
class workspace_snapshot {
public:
  struct artifact {
    std::string name;
    /// 0 = named, but not written yet.
    uint64_t version = 0;
    std::string author;
    size_t bytes = 0;
    lazy_json value;
  };

  struct talk {
    lazy_json decisions;
    lazy_json questions;
    /// Newest entries, oldest first.
    lazy_json log;
  };

  struct parts {
    /// {id, created, task}
    std::shared_ptr<const lazy_json> about;
    std::shared_ptr<const talk> said;
    /// By name, in order.
    std::shared_ptr<const std::vector<artifact>> artifacts;
    std::string phase;
    uint32_t iteration = 1;
    uint32_t turn = 0;
    std::string last_role;
    /// Larger artifacts are shown as {"$artifact": name, version, bytes}.
    size_t inline_bytes = 0;
  };

  explicit workspace_snapshot(parts all) : all_{std::move(all)} {}

  /// In the form of the template, with `versions`.
  const json& document() const;

  /// The same with a reference in place of each large artifact.
  const json& shown() const;

  /// The text of `shown`, at the end of `out`.
  void append_shown(std::string& out) const;

  /// The value of an artifact; null when there is none.
  const lazy_json* value_of(std::string_view name) const;

  /// The text of [{name, version, author, bytes}], of those that were written.
  std::string index_text() const;

private:
  bool is_shown(const artifact& x) const {
    return x.version == 0 || x.bytes <= all_.inline_bytes;
  }
  json with(bool large) const;

  parts all_;
  mutable std::shared_ptr<const json> document_;
  mutable std::shared_ptr<const json> shown_;
};

} // namespace troupe

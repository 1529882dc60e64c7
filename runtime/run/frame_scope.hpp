#pragma once

#include "runtime/expression/scope.hpp"
#include "runtime/run/engine.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// What `$` means inside a frame: the nearest `item`, `index`, `error` and `partial` on the way up, and the ended steps
/// of every enclosing group, inner ones first.
class frame_scope final : public scope {
public:
  frame_scope(const engine& run, const frame& at) : run_{run}, at_{at} {}

  const json* member(std::string_view name) const override;
  const json* step(std::string_view id) const override;
  const json* step_result(std::string_view id) const override;
  const lazy_json* whole(const std::vector<std::string>& names) const override;
  std::shared_ptr<const json> document() const override;

private:
  const outcome* find(std::string_view id) const;

  const engine& run_;
  const frame& at_;
  /// Built on demand, because frames hold them in another form.
  mutable std::map<std::string, json, std::less<>> made_;
};

} // namespace troupe

#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

namespace troupe {

/// What one evaluation has used. Reached from a lua_State by its extra space.
class lua_meter {
public:
  static lua_meter& of(lua_State* state);

  /// Installs this meter in a fresh state.
  void attach(lua_State* state);

  /// Begins an evaluation: `instructions` from now on, `memory` bytes beyond `base`.
  void start(lua_State* state, uint64_t instructions, size_t memory);

  /// Ends it; what follows is not counted.
  void stop(lua_State* state);

  /// Counts work done in C as that many instructions. Raises a Lua error when the budget is used up.
  void charge(lua_State* state, uint64_t instructions);

  bool spent() const {
    return spent_;
  }

  /// Bytes in use, and those that were in use when nothing was running.
  size_t used = 0;
  size_t base = 0;
  /// For the allocator: no growth beyond this.
  size_t limit = SIZE_MAX;

private:
  void raise(lua_State* state);

  int64_t left_ = 0;
  bool running_ = false;
  bool spent_ = false;
  int quantum_ = 0;

  friend void on_lua_count(lua_State* state);
};

} // namespace troupe

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace troupe {

/// Remembers the attempts that ended last, so that a result that comes for one of them can be called late and not
/// unknown. Holds hashes only, each in the one place it can have, and a newer one takes the place of an older: a
/// mistake costs a wrong label on a counter, nothing more.
class ended_tasks {
public:
  explicit ended_tasks(size_t capacity) : places_(std::bit_ceil(capacity)) {}

  void add(std::string_view run_id, uint32_t task, uint32_t attempt) {
    auto key = hash(run_id, task, attempt);
    places_[place(key)] = key;
  }

  bool contains(std::string_view run_id, uint32_t task, uint32_t attempt) const {
    auto key = hash(run_id, task, attempt);
    return places_[place(key)] == key;
  }

private:
  static uint64_t hash(std::string_view run_id, uint32_t task, uint32_t attempt) {
    auto number = uint64_t{task} << 32 | attempt;
    // 0 stands for an empty place.
    return ((std::hash<std::string_view>{}(run_id) ^ number) * 0x9e3779b97f4a7c15ULL) | 1;
  }

  size_t place(uint64_t key) const {
    // The upper bits: only these depend on all of the numbers.
    return static_cast<size_t>(key >> 32) & (places_.size() - 1);
  }

  std::vector<uint64_t> places_;
};

} // namespace troupe

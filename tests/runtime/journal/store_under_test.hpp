#pragma once

#include "runtime/journal/memory_store.hpp"
#include "runtime/journal/sqlite_store.hpp"
#include "tests/support/temp_dir.hpp"

#include <memory>
#include <utility>

namespace troupe::test {

/// Makes an empty store of one kind.
struct memory_store_factory {
  std::unique_ptr<store> make(owner_alive_fn owner_alive) {
    return std::make_unique<memory_store>(std::move(owner_alive));
  }
};

struct sqlite_store_factory {
  temp_dir dir;

  std::unique_ptr<store> make(owner_alive_fn owner_alive) {
    return sqlite_store::open({.data_dir = dir.path(), .owner_alive = std::move(owner_alive)}).value();
  }
};

/// Appends one entry.
inline result<v1::EventsAppended> append_one(store& to, const v1::AppendEvents& entry) {
  const v1::AppendEvents* batch[] = {&entry};
  auto out = to.append(batch);
  if (!out)
    return tl::unexpected(out.error());
  return out->at(0);
}

template <class T>
errc code_of(const result<T>& x) {
  return x ? v1::ERROR_CODE_UNSPECIFIED : x.error().code;
}

} // namespace troupe::test

#pragma once

#include "runtime/core/json.hpp"

#include <rapidcheck.h>

#include <string>
#include <vector>

namespace troupe::testing {

inline rc::Gen<std::string> any_text() {
  return rc::gen::container<std::string>(
      rc::gen::element('a', 'b', 'c', ' ', '.', '$', '\'', '"', '\\', '\n', '~', '/'));
}

inline rc::Gen<json> any_scalar() {
  return rc::gen::oneOf(rc::gen::construct<json>(rc::gen::just(nullptr)),
                        rc::gen::construct<json>(rc::gen::arbitrary<bool>()),
                        rc::gen::construct<json>(rc::gen::arbitrary<int64_t>()),
                        rc::gen::map(rc::gen::arbitrary<int32_t>(), [](int32_t x) { return json(x / 64.0); }),
                        rc::gen::construct<json>(any_text()));
}

/// Any JSON value up to that many levels deep.
inline rc::Gen<json> any_json(int depth = 3) {
  if (depth == 0)
    return any_scalar();
  auto inner = rc::gen::resize(4, rc::gen::lazy([depth] { return any_json(depth - 1); }));
  return rc::gen::oneOf(
      any_scalar(),
      rc::gen::map(rc::gen::container<std::vector<json>>(inner),
                   [](std::vector<json> x) { return json(std::move(x)); }),
      rc::gen::map(rc::gen::container<std::map<std::string, json>>(rc::gen::resize(6, any_text()), inner),
                   [](std::map<std::string, json> x) { return json(std::move(x)); }));
}

} // namespace troupe::testing

namespace rc {

template <>
struct Arbitrary<troupe::json> {
  static Gen<troupe::json> arbitrary() {
    return troupe::testing::any_json();
  }
};

} // namespace rc

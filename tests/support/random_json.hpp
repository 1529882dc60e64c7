#pragma once

#include "runtime/core/json.hpp"

#include <rapidcheck.h>

#include <string>

namespace troupe::test {

/// Inside of a property: a JSON value of at most so many levels, with numbers of each kind.
inline json random_json(int depth, const rc::Gen<std::string>& text, const rc::Gen<std::string>& name) {
  switch (*rc::gen::inRange(0, depth > 0 ? 8 : 6)) {
  case 0:
    return nullptr;
  case 1:
    return *rc::gen::arbitrary<bool>();
  case 2:
    return *rc::gen::arbitrary<int64_t>();
  case 3:
    return *rc::gen::arbitrary<uint64_t>();
  case 4:
    return *rc::gen::arbitrary<double>();
  case 5:
    return *text;
  case 6: {
    auto out = json::array();
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
      out.push_back(random_json(depth - 1, text, name));
    return out;
  }
  default: {
    auto out = json::object();
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
      out[*name] = random_json(depth - 1, text, name);
    return out;
  }
  }
}

/// The same with texts that are awkward to print and to read, some of them not UTF-8.
inline json awkward_json(int depth) {
  auto text = rc::gen::oneOf(
      rc::gen::string<std::string>(),
      rc::gen::element<std::string>("", "é", "\"", "\\", "\n", "\x7f", "\x01", "a/b", "😀", "plain", "\xff"));
  return random_json(depth, text, rc::gen::string<std::string>());
}

} // namespace troupe::test

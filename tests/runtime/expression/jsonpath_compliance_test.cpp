#include "runtime/expression/jsonpath.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace troupe {
namespace {

json values(const std::vector<const json*>& nodes) {
  auto out = json::array();
  for (const auto* node : nodes)
    out.push_back(*node);
  return out;
}

bool expected(const json& test, const json& found) {
  if (test.contains("result"))
    return test["result"] == found;
  for (const auto& allowed : test["results"])
    if (allowed == found)
      return true;
  return false;
}

TEST(jsonpath, passes_the_public_compliance_suite) {
  std::ifstream file{JSONPATH_COMPLIANCE_SUITE};
  if (!file)
    GTEST_SKIP() << "there is no " << JSONPATH_COMPLIANCE_SUITE;
  const auto suite = json::parse(file);
  size_t count = 0;
  for (const auto& test : suite["tests"]) {
    ++count;
    SCOPED_TRACE(test["name"].get<std::string>() + ": " + test["selector"].get<std::string>());
    const auto path = jsonpath::parse(test["selector"].get<std::string>());
    if (test.value("invalid_selector", false)) {
      EXPECT_FALSE(path.has_value());
      continue;
    }
    if (!path) {
      ADD_FAILURE() << path.error().message;
      continue;
    }
    const auto found = path->select(test["document"]);
    if (!found) {
      ADD_FAILURE() << found.error().message;
      continue;
    }
    EXPECT_TRUE(expected(test, values(*found))) << values(*found);
  }
  EXPECT_GE(count, 703u);
}

} // namespace
} // namespace troupe

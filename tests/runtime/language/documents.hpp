#pragma once

#include "runtime/language/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace troupe {

/// Agents `a`, `b` and `c`, for documents that are about something else.
inline const std::string three_agents = R"(
agents:
  a: {kind: lua, script: "return input"}
  b: {kind: lua, script: "return input"}
  c: {kind: lua, script: "return input"}
)";

template <class T>
std::vector<std::string> messages(const checked<T>& result) {
  std::vector<std::string> out;
  if (!result)
    for (auto& fault : result.error())
      out.push_back(to_string(fault));
  return out;
}

/// The faults of a document named "doc", each as the line that people see.
inline std::vector<std::string> faults_of(const std::string& text, const load_options& options = {}) {
  return messages(load_workflow({"doc", text}, options));
}

/// The faults that reading the text alone finds.
inline std::vector<std::string> syntax_faults_of(const std::string& text, const language_limits& limits = {}) {
  return messages(parse_document({"doc", text}, limits));
}

/// A workflow that must be valid; null (and a failed test) when it is not.
inline workflow_ptr load(const std::string& text, const load_options& options = {}) {
  auto loaded = load_workflow({"doc", text}, options);
  EXPECT_THAT(messages(loaded), testing::IsEmpty());
  return loaded ? *loaded : nullptr;
}

/// A valid document around `steps:` (indented by two), with the agents a, b and c. The steps begin in line 8.
inline std::string with_steps(const std::string& steps) {
  return "workflow: test\ndescription: a test" + three_agents + "steps:\n" + steps;
}

inline const group_step& steps_of(const workflow& definition) {
  return std::get<group_step>(definition.root.body);
}

inline const step& step_of(const workflow& definition, size_t i = 0) {
  return steps_of(definition).steps.at(i);
}

} // namespace troupe

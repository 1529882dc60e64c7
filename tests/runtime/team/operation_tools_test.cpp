// The tools of a model and the operations of everybody else are one protocol.
#include "runtime/team/operation_tools.hpp"

#include "runtime/team/op_json.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

namespace troupe {
namespace {

using names = std::set<std::string>;

/// What an operation takes only for the message template of the source material, or as another name.
const std::map<std::string, names> aliases{
    {"ask", {"timeout", "requires_response"}},
    {"answer", {"to"}},
    {"notify", {"requires_response"}},
    {"handoff", {"priority", "requires_response"}},
};

/// The list at the end of what is said about a wrong operation.
names listed_after(const std::string& mark, const json& wrong) {
  auto op = parse_operation(wrong);
  EXPECT_FALSE(op);
  auto text = op ? "" : op.error().message;
  names out;
  auto at = text.find(mark);
  EXPECT_NE(at, std::string::npos) << text;
  std::istringstream words{at == std::string::npos ? "" : text.substr(at + mark.size())};
  for (std::string word; words >> word;)
    out.insert(word.substr(0, word.find(',')));
  out.erase("none");
  return out;
}

names members_of(const std::string& op) {
  auto out = listed_after("; it has ", {{"op", op}, {"no such member", 1}});
  if (auto i = aliases.find(op); i != aliases.end())
    for (const auto& alias : i->second) {
      EXPECT_EQ(out.erase(alias), 1U) << op << " has no alias " << alias;
    }
  return out;
}

std::map<std::string, json> tools_by_name(bool answering) {
  std::map<std::string, json> out;
  for (const auto& x : operation_tools(answering)) {
    EXPECT_EQ(x.at("type"), "function");
    EXPECT_TRUE(x.at("function").at("description").is_string());
    EXPECT_TRUE(out.emplace(x.at("function").at("name"), x.at("function").at("parameters")).second);
  }
  return out;
}

json sample(const json& schema) {
  if (schema.contains("enum"))
    return schema["enum"].front();
  if (schema.contains("minimum"))
    return schema["minimum"];
  if (schema.value("type", "") == "array")
    return json::array({"text"});
  return "text";
}

names keys(const json& object) {
  names out;
  for (const auto& [key, value] : object.items())
    out.insert(key);
  return out;
}

TEST(operation_tools, are_all_operations) {
  names tools;
  for (const auto& [name, parameters] : tools_by_name(false))
    tools.insert(name);
  EXPECT_EQ(tools, listed_after("; there are ", {{"op", "dance"}}));
}

TEST(operation_tools, have_the_members_of_the_protocol) {
  for (const auto& [name, parameters] : tools_by_name(false)) {
    ASSERT_TRUE(parameters.at("properties").is_object()) << name;
    EXPECT_EQ(keys(parameters.at("properties")), members_of(name)) << name;
  }
}

TEST(operation_tools, need_what_the_protocol_needs) {
  for (const auto& [name, parameters] : tools_by_name(false)) {
    json whole{{"op", name}};
    for (const auto& [key, schema] : parameters.at("properties").items())
      whole[key] = sample(schema);
    EXPECT_TRUE(parse_operation(whole)) << whole;
    names needed;
    for (const auto& [key, schema] : parameters.at("properties").items()) {
      auto without = whole;
      without.erase(key);
      if (!parse_operation(without))
        needed.insert(key);
    }
    EXPECT_EQ(names(parameters.at("required").begin(), parameters.at("required").end()), needed) << name;
  }
}

TEST(operation_tools, allow_values_that_the_protocol_takes) {
  for (const auto& [name, parameters] : tools_by_name(false)) {
    json least{{"op", name}};
    for (const auto& key : parameters.at("required"))
      least[key] = sample(parameters.at("properties").at(key));
    for (const auto& [key, schema] : parameters.at("properties").items()) {
      auto values = schema.value("enum", json::array());
      for (auto bound : {"minimum", "maximum"})
        if (schema.contains(bound))
          values.push_back(schema[bound]);
      // No type: any JSON.
      if (!schema.contains("type"))
        values.insert(values.end(), {nullptr, 7, json::array({1}), {{"a", 1}}});
      for (const auto& value : values) {
        auto operation = least;
        operation[key] = value;
        EXPECT_TRUE(parse_operation(operation)) << operation;
      }
    }
  }
}

TEST(operation_tools, offer_who_answers_what_an_answer_may_do) {
  names tools;
  for (const auto& [name, parameters] : tools_by_name(true))
    tools.insert(name);
  EXPECT_EQ(tools, (names{"ask", "notify", "get", "log", "question", "inbox"}));
}

} // namespace
} // namespace troupe

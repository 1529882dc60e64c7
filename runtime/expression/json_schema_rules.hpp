#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/expression/i_regexp.hpp"

#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/validation_visitor.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// Rules that valijson 1.0 checks in a way that hostile values can abuse: std::regex recurses once per character and
/// backtracks without end, `uniqueItems` compares every two items and reports every pair, `format` throws on numbers.
/// The members of its visitor that do so are replaced for our adapter. Include this before anything that instantiates
/// them; only json_schema.cpp does.
namespace troupe::json_schema_rules {

inline bool matches(const std::string& text, const std::string& pattern) {
  const auto compiled = i_regexp::compile(pattern, i_regexp::dialect::ecma);
  return compiled && compiled->search(text);
}

/// Null for formats that are not checked.
inline const char* pattern_of_format(const std::string& format) {
  // RFC 3339, without the lengths of months.
  if (format == "date")
    return "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$";
  if (format == "time")
    return "^([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?([Zz]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$";
  if (format == "date-time")
    return "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[Tt]([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?"
           "([Zz]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$";
  return nullptr;
}

using adapter = valijson::adapters::NlohmannJsonAdapter;

/// Equal JSON values, 1 and 1.0 among them, get equal keys. Values are no deeper than json_schema_shape allows.
inline void append_key(const adapter& value, std::string& out) {
  if (value.isObject()) {
    out += '{';
    for (const auto& member : value.getObject()) {
      out += print_json(json(member.first)) + ':';
      append_key(member.second, out);
      out += ',';
    }
    out += '}';
  } else if (value.isArray()) {
    out += '[';
    for (const auto& item : value.getArray()) {
      append_key(item, out);
      out += ',';
    }
    out += ']';
  } else if (value.isString()) {
    out += print_json(json(value.getString()));
  } else if (value.isInteger()) {
    out += std::to_string(value.getInteger());
  } else if (value.isNumber()) {
    const auto number = value.getNumber();
    const bool whole = std::abs(number) < 9e15 && number == std::floor(number);
    out += whole ? std::to_string(static_cast<int64_t>(number)) : json(number).dump();
  } else {
    out += value.isNull() ? "null" : value.getBool() ? "true" : "false";
  }
}

inline void report(valijson::ValidationResults* results, const std::vector<std::string>& context,
                   const std::string& fault) {
  if (results)
    results->pushError(context, fault);
}

} // namespace troupe::json_schema_rules

namespace valijson {

template <>
inline bool ValidationVisitor<adapters::NlohmannJsonAdapter>::visit(const PatternConstraint& constraint) {
  const auto pattern = constraint.getPattern<std::string::allocator_type>();
  if (!m_target.isString() || troupe::json_schema_rules::matches(m_target.getString(), pattern))
    return true;
  troupe::json_schema_rules::report(m_results, m_context, "The text does not match the pattern " + pattern);
  return false;
}

/// Names of properties, under `propertyNames`.
template <>
inline bool ValidationVisitor<adapters::StdStringAdapter>::visit(const PatternConstraint& constraint) {
  return troupe::json_schema_rules::matches(m_target.asString(), constraint.getPattern<std::string::allocator_type>());
}

template <>
inline bool ValidationVisitor<adapters::NlohmannJsonAdapter>::visit(const FormatConstraint& constraint) {
  const auto* pattern = troupe::json_schema_rules::pattern_of_format(constraint.getFormat());
  if (!pattern || !m_target.isString() || troupe::json_schema_rules::matches(m_target.getString(), pattern))
    return true;
  troupe::json_schema_rules::report(m_results, m_context, "The text is no " + constraint.getFormat());
  return false;
}

template <>
inline bool ValidationVisitor<adapters::StdStringAdapter>::visit(const FormatConstraint& constraint) {
  const auto* pattern = troupe::json_schema_rules::pattern_of_format(constraint.getFormat());
  return !pattern || troupe::json_schema_rules::matches(m_target.asString(), pattern);
}

template <>
inline bool ValidationVisitor<adapters::NlohmannJsonAdapter>::visit(const UniqueItemsConstraint&) {
  if (!m_target.isArray())
    return true;
  std::map<std::string, size_t> seen;
  size_t index = 0;
  for (const auto& item : m_target.getArray()) {
    std::string key;
    troupe::json_schema_rules::append_key(item, key);
    const auto [first, added] = seen.emplace(std::move(key), index);
    if (!added) {
      troupe::json_schema_rules::report(m_results, m_context,
                                        "The elements " + std::to_string(first->second) + " and "
                                            + std::to_string(index) + " are the same, where all must differ");
      return false;
    }
    ++index;
  }
  return true;
}

template <>
template <>
inline bool ValidationVisitor<adapters::NlohmannJsonAdapter>::ValidatePatternPropertySubschemas::operator()(
    const constraints::PropertiesConstraint::String& name, const Subschema* subschema) const {
  const std::string pattern(name.c_str());
  bool found = false;
  for (const auto& member : m_object) {
    if (!troupe::json_schema_rules::matches(member.first, pattern))
      continue;
    found = true;
    if (m_propertiesMatched)
      m_propertiesMatched->insert(member.first);
    auto context = m_context;
    context.push_back("[" + member.first + "]");
    ValidationVisitor inner(member.second, context, m_strictTypes, m_results, m_regexesCache);
    if (inner.validateSchema(*subschema))
      continue;
    troupe::json_schema_rules::report(m_results, m_context,
                                      "A member does not match what the pattern " + pattern + " asks for");
    if (m_validated)
      *m_validated = false;
    if (!m_continueOnFailure)
      return false;
  }
  return found || m_continueIfUnmatched ? m_continueOnSuccess : false;
}

} // namespace valijson

#include "runtime/expression/json_schema.hpp"

#include "runtime/expression/json_schema_rules.hpp"
#include "runtime/expression/json_schema_shape.hpp"

#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <exception>
#include <set>
#include <utility>

namespace troupe {

namespace {

constexpr size_t fault_limit = 20;

// valijson names places as ["<root>", "[goal]", "[0]"].
std::string pointer(const std::vector<std::string>& context) {
  json::json_pointer out;
  for (size_t i = 1; i < context.size(); ++i) {
    std::string_view part = context[i];
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']')
      part = part.substr(1, part.size() - 2);
    out /= std::string{part};
  }
  return out.to_string();
}

} // namespace

struct json_schema::compiled {
  json document;
  valijson::Schema schema;
};

json_schema::json_schema(std::shared_ptr<const compiled> c) : compiled_{std::move(c)} {}

result<json_schema> json_schema::compile(const json& schema) {
  if (auto fit = json_schema_shape::inspect(schema); !fit)
    return tl::unexpected{fit.error()};
  auto made = std::make_shared<compiled>();
  made->document = schema;
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(made->document), made->schema);
  } catch (const std::exception& fault) {
    return fail(v1::ERROR_CODE_INVALID_INPUT, std::string{"not a JSON Schema: "} + fault.what());
  }
  return json_schema{std::move(made)};
}

const json& json_schema::document() const {
  return compiled_->document;
}

std::vector<std::string> json_schema::check(const json& value) const {
  if (auto fault = json_schema_shape::unfit(value); !fault.empty())
    return {fault};
  valijson::ValidationResults results;
  try {
    valijson::Validator validator;
    const valijson::adapters::NlohmannJsonAdapter target(value);
    // First without a report: it stops at the first fault, and most values have none.
    if (validator.validate(compiled_->schema, target, nullptr)
        || validator.validate(compiled_->schema, target, &results))
      return {};
  } catch (const std::exception& fault) {
    return {std::string{": cannot be checked: "} + fault.what()};
  }
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& fault : results) {
    auto sentence = pointer(fault.context) + ": " + fault.description;
    if (out.size() < fault_limit && seen.insert(sentence).second)
      out.push_back(std::move(sentence));
  }
  if (out.empty())
    out.emplace_back(": does not match the schema");
  return out;
}

} // namespace troupe

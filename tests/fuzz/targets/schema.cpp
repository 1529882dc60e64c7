#include "runtime/core/json.hpp"
#include "runtime/expression/i_regexp.hpp"
#include "runtime/expression/json_schema.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

namespace {

void match(std::string_view pattern, std::string_view text, i_regexp::dialect as) {
  const auto compiled = i_regexp::compile(pattern, as);
  if (!compiled)
    return;
  if (compiled->match(text))
    require(compiled->search(text), "what matches as a whole is found");
}

} // namespace

/// A JSON Schema, an empty line, a value; or a regular expression and a text.
void schema_text(std::string_view data) {
  const auto [front, back] = halves(data);
  const auto second = unfold(back);
  const auto schema = json::parse(front, nullptr, false);
  if (schema.is_discarded()) {
    match(front, second.substr(0, 16 << 10), i_regexp::dialect::i_regexp);
    match(front, second.substr(0, 16 << 10), i_regexp::dialect::ecma);
    return;
  }
  const auto compiled = json_schema::compile(schema);
  if (!compiled) {
    require(!compiled.error().message.empty(), "an error has a sentence");
    return;
  }
  const auto value = json::parse(second, nullptr, false);
  if (!value.is_discarded())
    require(compiled->check(value).size() <= 20, "at most 20 faults are reported");
}

} // namespace troupe::fuzz

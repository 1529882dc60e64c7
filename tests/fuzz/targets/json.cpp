#include "runtime/core/json.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/expression/utf8.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

/// A payload.
void json_text(std::string_view data) {
  const auto text = unfold(data);
  const auto fault = check_json(text);
  // The parser skips a byte order mark, and takes a zero byte for the end; the check does neither.
  if (check_json(text, SIZE_MAX))
    require(!json::accept(text) || text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string::npos,
            "what the check refuses the parser refuses");
  else
    require(json::accept(text), "what the check accepts the parser reads");
  require(check_utf8(text).has_value() == !utf8::valid(text), "two readers of UTF-8 agree");
  const auto cleaned = clean_text(text, 100);
  require(utf8::valid(cleaned) && cleaned.size() <= 103, "a cleaned text is short UTF-8");
  const auto value = parse_payload(text);
  require(!value || !fault || text.empty(), "what is read has passed the check");
  if (!value)
    return;
  const auto printed = print_payload(*value);
  require(printed.has_value(), "what was read can be printed");
  require(parse_payload(*printed) == *value, "what was printed is read as the same");
}

} // namespace troupe::fuzz

#include "runtime/language/document_reader.hpp"

#include "runtime/language/document_builder.hpp"

#include <cmath>

namespace troupe {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

diagnostic at(const std::string& source, const document_fault& fault) {
  return {source, fault.where.line, fault.where.column, fault.place, fault.what(), fault.remedy};
}

tl::unexpected<std::vector<diagnostic>> refuse(diagnostic fault) {
  return tl::unexpected<std::vector<diagnostic>>(std::vector<diagnostic>{std::move(fault)});
}

void check_value_text(const std::string& text, const document_builder& out) {
  // Control characters are fine in a value (they were escaped in the text); broken UTF-8 is not.
  for (size_t i = 0; i < text.size();) {
    auto bad = find_invalid_text(std::string_view{text}.substr(i));
    if (bad == std::string_view::npos)
      return;
    if (static_cast<unsigned char>(text[i + bad]) >= 0x80)
      throw document_fault{{}, out.place(), "text that is not valid UTF-8"};
    i += bad + 1;
  }
}

void walk(const json& value, document_builder& out) {
  if (value.is_object()) {
    out.begin_object({});
    for (auto& [key, item] : value.items()) {
      check_value_text(key, out);
      out.key(key, {});
      walk(item, out);
    }
    out.end();
  } else if (value.is_array()) {
    out.begin_list({});
    for (auto& item : value)
      walk(item, out);
    out.end();
  } else {
    if (value.is_string())
      check_value_text(value.get_ref<const std::string&>(), out);
    if (value.is_binary() || value.is_discarded() || (value.is_number_float() && !std::isfinite(value.get<double>())))
      throw document_fault{{}, out.place(), "a value that JSON cannot express"};
    out.scalar(value, {});
  }
}

} // namespace

checked<document_node_ptr> read_document(const source_text& source, const language_limits& limits) {
  std::string_view text = source.text;
  if (text.size() > limits.document_bytes)
    return refuse({source.name, 0, 0, "",
                   "the document has " + std::to_string(text.size()) + " bytes; at most "
                       + std::to_string(limits.document_bytes) + " are read",
                   "pass large data as the run's input"});
  if (text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  line_index lines{text};
  if (auto bad = find_invalid_text(text); bad != std::string_view::npos) {
    auto where = lines.at(bad);
    auto high = static_cast<unsigned char>(text[bad]) >= 0x80;
    return refuse({source.name, where.line, where.column, "",
                   high ? "a byte that is not valid UTF-8" : "a control character that a document may not contain",
                   high ? "save the document as UTF-8" : "remove it, or write it as an escape in a quoted string"});
  }
  auto first = text.find_first_not_of(" \t\r\n");
  try {
    if (first == std::string_view::npos)
      return refuse({source.name, 0, 0, "", "the document is empty", ""});
    auto is_json = text[first] == '{' || text[first] == '[';
    return is_json ? read_json(text, lines, limits) : read_yaml(text, lines, limits);
  } catch (const document_fault& fault) {
    return refuse(at(source.name, fault));
  }
}

checked<document_node_ptr> read_document(const json& value, const language_limits& limits) {
  try {
    document_builder out{limits};
    walk(value, out);
    return out.take();
  } catch (const document_fault& fault) {
    return refuse(at("", fault));
  }
}

} // namespace troupe

#include "runtime/agents/text/text_input.hpp"

#include "runtime/expression/utf8.hpp"

#include <cmath>
#include <utility>

namespace troupe::text {

namespace {

auto refuse(std::string message) {
  return fail(v1::ERROR_CODE_INVALID_INPUT, std::move(message));
}

result<document> checked(std::string name, const json& text, const std::string& place) {
  if (!text.is_string())
    return refuse(place + ": expected a text, found " + text.type_name());
  const auto& content = text.get_ref<const std::string&>();
  if (!utf8::valid(content))
    return refuse(place + ": not a UTF-8 text");
  return document{std::move(name), content};
}

result<document> from_object(const json& x, const std::string& place, const std::string& default_name) {
  if (x.is_string())
    return checked(default_name, x, place);
  if (!x.is_object() || !x.contains("text"))
    return refuse(place + ": expected {name, text}");
  auto name = optional_text(x, "name", default_name);
  if (!name)
    return tl::unexpected{name.error()};
  return checked(std::move(*name), x["text"], place + ".text");
}

} // namespace

result<std::vector<document>> documents_of(const json& input) {
  if (!input.is_object())
    return refuse(std::string{"expected an object as input, found "} + input.type_name());
  std::vector<document> out;
  size_t size = 0;
  auto add = [&](result<document> x) -> result<void> {
    if (!x)
      return tl::unexpected{x.error()};
    size += x->text.size();
    if (size > text_limit)
      return refuse("the texts are larger than 16 MiB together");
    out.push_back(std::move(*x));
    return {};
  };
  result<void> done;
  if (auto list = input.find("documents"); list != input.end()) {
    if (!list->is_array())
      return refuse("documents: expected a list of {name, text}");
    for (size_t i = 0; i < list->size() && done; ++i)
      done = add(from_object((*list)[i], "documents[" + std::to_string(i) + "]", "document " + std::to_string(i + 1)));
  } else if (auto one = input.find("document"); one != input.end()) {
    done = add(from_object(*one, "document", "document"));
  } else if (auto text = input.find("text"); text != input.end()) {
    done = add(checked("text", *text, "text"));
  } else {
    return refuse("expected `documents`, `document`, `text` or `folder` in the input");
  }
  if (!done)
    return tl::unexpected{done.error()};
  return out;
}

result<document> document_of(const json& input) {
  auto all = documents_of(input);
  if (!all)
    return tl::unexpected{all.error()};
  if (all->size() != 1)
    return refuse("expected one document, found " + std::to_string(all->size()));
  return std::move(all->front());
}

result<std::string> required_text(const json& input, const char* member) {
  if (!input.is_object() || !input.contains(member))
    return refuse(std::string{member} + ": missing; expected a text");
  return optional_text(input, member, {});
}

result<std::string> optional_text(const json& input, const char* member, std::string_view otherwise) {
  auto found = input.find(member);
  if (found == input.end() || found->is_null())
    return std::string{otherwise};
  if (!found->is_string())
    return refuse(std::string{member} + ": expected a text, found " + found->type_name());
  return found->get<std::string>();
}

result<int64_t> optional_integer(const json& input, const char* member, int64_t otherwise, int64_t low, int64_t high) {
  auto found = input.find(member);
  if (found == input.end() || found->is_null())
    return otherwise;
  const auto expected = ": expected a whole number from " + std::to_string(low) + " to " + std::to_string(high);
  if (!found->is_number_integer())
    return refuse(member + expected + ", found " + found->type_name());
  const auto value = found->get<int64_t>();
  if (value < low || value > high)
    return refuse(member + expected + ", found " + found->dump());
  return value;
}

result<std::vector<std::string>> optional_texts(const json& input, const char* member) {
  std::vector<std::string> out;
  auto found = input.find(member);
  if (found == input.end() || found->is_null())
    return out;
  if (found->is_string())
    return std::vector<std::string>{found->get<std::string>()};
  if (!found->is_array())
    return refuse(std::string{member} + ": expected a text or a list of texts, found " + found->type_name());
  for (const auto& x : *found) {
    if (!x.is_string())
      return refuse(std::string{member} + ": expected texts only, found " + x.type_name());
    out.push_back(x.get<std::string>());
  }
  return out;
}

json quotation(std::string_view text, const line_index& lines, const passage& x) {
  const auto from = lines.at(x.begin);
  const auto to = lines.at(x.end > x.begin ? x.end - 1 : x.end);
  return {{"quote", collapsed(x.in(text))}, {"line", from.line}, {"last_line", to.line}, {"column", from.column}};
}

double rounded(double x) {
  return std::round(x * 10'000) / 10'000;
}

} // namespace troupe::text

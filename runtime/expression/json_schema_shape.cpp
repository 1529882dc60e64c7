#include "runtime/expression/json_schema_shape.hpp"

#include "runtime/expression/i_regexp.hpp"

#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

namespace troupe::json_schema_shape {

namespace {

constexpr size_t schema_depth_limit = 64;
constexpr size_t schema_limit = 5000;
constexpr size_t value_depth_limit = 256;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
      out.push_back(static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

class inspector {
public:
  explicit inspector(const json& root) : root_{root} {}

  result<void> run() {
    if (!root_.is_object() && !root_.is_boolean())
      return fail(v1::ERROR_CODE_INVALID_INPUT, "a JSON Schema is an object, found " + std::string{root_.type_name()});
    if (auto done = visit(root_, {}, 0); !done)
      return tl::unexpected{done.error()};
    for (const auto& [schema, place] : schemas_)
      if (circular(*schema))
        return fail(v1::ERROR_CODE_INVALID_INPUT, place + ": the schema refers to itself without end");
    return {};
  }

private:
  enum class mark { open, done };

  result<void> visit(const json& value, const std::string& place, size_t depth) {
    if (depth > schema_depth_limit)
      return fail(v1::ERROR_CODE_INVALID_INPUT, place + ": nested deeper than 64 levels");
    if (value.is_object()) {
      schemas_.emplace_back(&value, place);
      if (schemas_.size() > schema_limit)
        return fail(v1::ERROR_CODE_INVALID_INPUT, "the schema has more than 5000 parts");
      if (auto done = check_patterns(value, place); !done)
        return done;
      if (auto ref = value.find("$ref"); ref != value.end() && ref->is_string() && !target(*ref))
        return fail(v1::ERROR_CODE_INVALID_INPUT,
                    place + "/$ref: nothing is found at " + ref->dump()
                        + "; expected a place in this schema, such as \"#/definitions/x\"");
    }
    if (!value.is_structured())
      return {};
    for (auto i = value.begin(); i != value.end(); ++i) {
      const auto name = value.is_object() ? i.key() : std::to_string(i - value.begin());
      // Not schemas but plain values, in which any member means nothing.
      if (value.is_object() && (name == "enum" || name == "const" || name == "default" || name == "examples"))
        continue;
      if (auto done = visit(*i, place + "/" + name, depth + 1); !done)
        return done;
    }
    return {};
  }

  static result<void> check_patterns(const json& schema, const std::string& place) {
    auto check = [&](const std::string& pattern, const std::string& key) -> result<void> {
      auto compiled = i_regexp::compile(pattern, i_regexp::dialect::ecma);
      if (compiled)
        return {};
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  place + "/" + key + ": the pattern \"" + pattern + "\" cannot be used: " + compiled.error().message);
    };
    // A *property* of that name has an object there, no text.
    if (auto pattern = schema.find("pattern"); pattern != schema.end() && pattern->is_string())
      if (auto done = check(pattern->get<std::string>(), "pattern"); !done)
        return done;
    if (auto named = schema.find("patternProperties"); named != schema.end() && named->is_object())
      for (auto i = named->begin(); i != named->end(); ++i)
        if (auto done = check(i.key(), "patternProperties"); !done)
          return done;
    return {};
  }

  const json* target(const json& ref) const {
    const auto& text = ref.get_ref<const std::string&>();
    if (text == "#")
      return &root_;
    if (!text.starts_with("#/"))
      return nullptr;
    try {
      const json::json_pointer pointer(percent_decoded(text.substr(1)));
      return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
    } catch (const json::exception&) {
      return nullptr;
    }
  }

  // Follows what a schema applies to the very value that it was given itself.
  bool circular(const json& schema) {
    if (!schema.is_object())
      return false;
    if (auto seen = marks_.find(&schema); seen != marks_.end())
      return seen->second == mark::open;
    marks_[&schema] = mark::open;
    for (const auto* next : applied(schema))
      if (circular(*next))
        return true;
    marks_[&schema] = mark::done;
    return false;
  }

  std::vector<const json*> applied(const json& schema) const {
    std::vector<const json*> out;
    if (auto ref = schema.find("$ref"); ref != schema.end() && ref->is_string()) {
      out.push_back(target(*ref));
      return out;
    }
    for (const auto* key : {"allOf", "anyOf", "oneOf", "dependencies"})
      if (auto list = schema.find(key); list != schema.end() && list->is_structured())
        for (const auto& x : *list)
          out.push_back(&x);
    for (const auto* key : {"not", "if", "then", "else"})
      if (auto one = schema.find(key); one != schema.end())
        out.push_back(&*one);
    return out;
  }

  const json& root_;
  std::vector<std::pair<const json*, std::string>> schemas_;
  std::map<const json*, mark> marks_;
};

} // namespace

result<void> inspect(const json& schema) {
  return inspector{schema}.run();
}

std::string unfit(const json& value) {
  struct entry {
    const json* value;
    size_t depth;
  };
  std::vector<entry> pending{{&value, 0}};
  while (!pending.empty()) {
    const auto [next, depth] = pending.back();
    pending.pop_back();
    if (depth > value_depth_limit)
      return ": nested deeper than 256 levels, too deep to be checked";
    if (next->is_structured())
      for (const auto& x : *next)
        pending.push_back({&x, depth + 1});
  }
  return {};
}

} // namespace troupe::json_schema_shape

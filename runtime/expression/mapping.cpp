#include "runtime/expression/mapping.hpp"

#include <string>

namespace troupe {

namespace {

constexpr int mapping_depth_limit = 64;

bool is_query(std::string_view text) {
  return text == "$" || text.starts_with("$.") || text.starts_with("$[");
}

// Finds the queries in a value and resolves `$$`.
class compiler {
public:
  explicit compiler(std::string_view rebase) : rebase_{rebase} {}

  result<void> visit(json& value, const json::json_pointer& place, int depth) {
    if (depth > mapping_depth_limit)
      return fail(v1::ERROR_CODE_INVALID_INPUT, place.to_string() + ": nested deeper than 64 levels");
    if (value.is_string())
      return text(value, place);
    if (value.is_object()) {
      for (auto i = value.begin(); i != value.end(); ++i)
        if (auto done = visit(*i, place / i.key(), depth + 1); !done)
          return done;
    } else if (value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i)
        if (auto done = visit(value[i], place / i, depth + 1); !done)
          return done;
    }
    return {};
  }

  references reads;
  std::vector<std::pair<json::json_pointer, jsonpath>> queries;

private:
  result<void> text(json& value, const json::json_pointer& place) {
    auto& content = value.get_ref<std::string&>();
    if (content.starts_with("$$")) {
      content.erase(0, 1);
      return {};
    }
    if (!is_query(content))
      return {};
    auto path = jsonpath::parse(content);
    if (!path) {
      auto fault = path.error();
      fault.message = (place.empty() ? "" : place.to_string() + ": ") + content + ": " + fault.message;
      return tl::unexpected{fault};
    }
    auto query = rebase_.empty() ? *path : path->rebased(rebase_);
    reads.merge(query.reads());
    queries.emplace_back(place, std::move(query));
    return {};
  }

  std::string_view rebase_;
};

} // namespace

result<mapping> mapping::compile(const json& value, std::string_view rebase) {
  mapping out;
  out.source_ = value;
  out.template_ = value;
  compiler run{rebase};
  if (auto done = run.visit(out.template_, json::json_pointer{}, 0); !done)
    return tl::unexpected{done.error()};
  out.reads_ = std::move(run.reads);
  out.queries_ = std::move(run.queries);
  return out;
}

result<json> mapping::evaluate(const scope& in) const {
  if (queries_.size() == 1 && queries_.front().first.empty())
    return queries_.front().second.evaluate(in);
  auto out = template_;
  for (const auto& [place, query] : queries_) {
    auto value = query.evaluate(in);
    if (!value) {
      auto fault = value.error();
      fault.message = place.to_string() + ": " + fault.message;
      return tl::unexpected{fault};
    }
    out[place] = std::move(*value);
  }
  return out;
}

result<lazy_json> mapping::evaluate_lazily(const scope& in) const {
  if (queries_.size() == 1 && queries_.front().first.empty())
    if (const auto* found = in.whole(queries_.front().second.names()))
      return *found;
  auto value = evaluate(in);
  if (!value)
    return tl::unexpected{value.error()};
  return lazy_json{std::move(*value)};
}

} // namespace troupe

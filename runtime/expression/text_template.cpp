#include "runtime/expression/text_template.hpp"

#include "runtime/core/json_io.hpp"
#include "runtime/expression/text_template_syntax.hpp"
#include "runtime/expression/utf8.hpp"

#include <utility>
#include <vector>

namespace troupe {

namespace {

using text_template_syntax::node;

constexpr size_t template_text_limit = size_t{1} << 20;
constexpr size_t output_limit = size_t{4} << 20;
// Pieces that one rendering may visit: sections over large arrays multiply without printing anything.
constexpr size_t work_limit = 5'000'000;

class renderer {
public:
  explicit renderer(const json& root) : context_{&root} {}

  // False when a limit was reached.
  bool run(const std::vector<node>& nodes) {
    for (const auto& x : nodes) {
      if (++work_ > work_limit || out.size() > output_limit)
        return false;
      if (!one(x))
        return false;
    }
    return out.size() <= output_limit;
  }

  std::string out;

private:
  bool one(const node& x) {
    if (x.what == node::kind::text) {
      out += x.text;
      return true;
    }
    const auto* value = find(x.path);
    if (x.what == node::kind::variable) {
      print(value);
      return true;
    }
    const bool empty = !value || value->is_null() || (value->is_boolean() && !value->get<bool>())
                       || (value->is_array() && value->empty());
    if (x.what == node::kind::inverted)
      return !empty || run(x.children);
    if (empty)
      return true;
    if (!value->is_array())
      return inside(*value, x.children);
    for (const auto& item : *value)
      if (!inside(item, x.children))
        return false;
    return true;
  }

  bool inside(const json& value, const std::vector<node>& children) {
    ++work_;
    context_.push_back(&value);
    const bool good = run(children);
    context_.pop_back();
    return good && work_ <= work_limit;
  }

  static const json* member(const json& value, const std::string& name) {
    if (!value.is_object())
      return nullptr;
    auto found = value.find(name);
    return found == value.end() ? nullptr : &*found;
  }

  // The first name is looked for from the innermost section outwards, the others below what was found.
  const json* find(const std::vector<std::string>& path) const {
    if (path.empty())
      return context_.back();
    const json* value = nullptr;
    for (auto i = context_.rbegin(); i != context_.rend() && !value; ++i)
      value = member(**i, path.front());
    for (size_t i = 1; i < path.size() && value; ++i)
      value = member(*value, path[i]);
    return value;
  }

  void print(const json* value) {
    if (!value || value->is_null())
      return;
    if (value->is_string())
      out += value->get_ref<const std::string&>();
    else
      out += print_json(*value);
  }

  std::vector<const json*> context_;
  size_t work_ = 0;
};

} // namespace

struct text_template::compiled {
  std::string text;
  std::vector<node> nodes;
};

text_template::text_template(std::shared_ptr<const compiled> c) : compiled_{std::move(c)} {}

result<text_template> text_template::parse(std::string_view text) {
  if (text.size() > template_text_limit)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the template is longer than 1 MiB");
  if (!utf8::valid(text))
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the template is no UTF-8 text");
  auto nodes = text_template_syntax::parse(text);
  if (!nodes)
    return tl::unexpected{nodes.error()};
  return text_template{std::make_shared<const compiled>(compiled{std::string{text}, std::move(*nodes)})};
}

const std::string& text_template::text() const {
  return compiled_->text;
}

result<std::string> text_template::render(const json& data) const {
  renderer run{data};
  if (!run.run(compiled_->nodes))
    return fail(v1::ERROR_CODE_EXPRESSION, "the template yields more than 4 MiB of text, or takes too many steps");
  return std::move(run.out);
}

} // namespace troupe

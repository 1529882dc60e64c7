#include "runtime/agents/function/function_registry.hpp"

namespace troupe {

namespace {

class plain_function final : public function_agent {
public:
  explicit plain_function(function_registry::function fn) : fn_{std::move(fn)} {}

  result<task_output> run(const task_input& in) override {
    return fn_(in);
  }

private:
  function_registry::function fn_;
};

} // namespace

void function_registry::add_maker(std::string name, maker make, function_options options) {
  entries_.insert_or_assign(std::move(name), entry{std::move(make), options});
}

void function_registry::add(std::string name, function fn, function_options options) {
  add_maker(
      std::move(name),
      [fn = std::move(fn)](const json&) -> result<std::unique_ptr<function_agent>> {
        return std::make_unique<plain_function>(fn);
      },
      options);
}

const function_registry::entry* function_registry::find(std::string_view name) const {
  auto i = entries_.find(name);
  return i == entries_.end() ? nullptr : &i->second;
}

std::vector<std::string> function_registry::names() const {
  std::vector<std::string> out;
  for (auto& x : entries_)
    out.push_back(x.first);
  return out;
}

} // namespace troupe

#pragma once

#include "runtime/agents/function/function_agent.hpp"
#include "runtime/agents/function/typed_function.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

struct function_options {
  /// It waits (files, sockets, locks) or computes for long: it gets threads of its own and can see `cancelled()`.
  /// Without it the function runs between the messages of all other actors and should be done in a few milliseconds.
  bool blocking = false;
};

/// The C++ functions and classes that agents of kind `function` are made of, by name. Filled before the node starts,
/// constant and shared from then on.
///
///     registry.add("greet", [](const task_input& in) -> result<task_output> {
///       return json{{"text", "hello " + in.at("name").get<std::string>()}};
///     });
///     registry.add_typed<pb::Question, pb::Answer>("ask", [](const pb::Question& q, const task_input&) { … });
///     registry.add_class<my_agent>("mine", {.blocking = true});
class function_registry {
public:
  /// Makes one object per instance from the agent's settings.
  using maker = std::function<result<std::unique_ptr<function_agent>>(const json& config)>;
  using function = std::function<result<task_output>(const task_input&)>;

  struct entry {
    maker make;
    function_options options;
  };

  /// A later one of the same name replaces an earlier one.
  void add_maker(std::string name, maker make, function_options options = {});

  /// A function without state; called from several threads when the agent's concurrency or replicas say so.
  void add(std::string name, function fn, function_options options = {});

  /// A class that is constructible from the agent's settings (`const json&`), or else from nothing.
  template <class T>
  void add_class(std::string name, function_options options = {}) {
    add_maker(
        std::move(name),
        []([[maybe_unused]] const json& config) -> result<std::unique_ptr<function_agent>> {
          if constexpr (std::is_constructible_v<T, const json&>)
            return std::make_unique<T>(config);
          else
            return std::make_unique<T>();
        },
        options);
  }

  template <class In, class Out>
  void add_typed(std::string name, typename typed_function<In, Out>::function fn, function_options options = {}) {
    add_maker(
        std::move(name),
        [fn = std::move(fn)](const json&) -> result<std::unique_ptr<function_agent>> {
          return std::make_unique<typed_function<In, Out>>(fn);
        },
        options);
  }

  /// Null when there is none of that name.
  const entry* find(std::string_view name) const;

  /// Sorted.
  std::vector<std::string> names() const;

private:
  std::map<std::string, entry, std::less<>> entries_;
};

} // namespace troupe

#pragma once

#include "runtime/language/document_node.hpp"
#include "runtime/language/load.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace troupe {

/// Ends the reading of a document from inside a parser's callback; never leaves the readers.
struct document_fault : std::runtime_error {
  document_fault(source_position at, std::string place_, const std::string& message, std::string remedy_ = {})
      : std::runtime_error{message}, where{at}, place{std::move(place_)}, remedy{std::move(remedy_)} {}

  source_position where;
  std::string place;
  std::string remedy;
};

/// Builds a tree from a parser's events and stops at the first event that breaks a limit, before memory is spent.
class document_builder {
public:
  explicit document_builder(const language_limits& limits);

  void scalar(json value, source_position at);
  void begin_list(source_position at);
  void begin_object(source_position at);
  void key(std::string text, source_position at);
  /// Ends the innermost list or object and returns it.
  document_node_ptr end();
  /// Puts a finished node at a further place.
  void share(const document_node_ptr& node, source_position at);

  /// Whether the next scalar is the key of an object.
  bool expects_key() const;
  bool complete() const;
  document_node_ptr take();
  /// Of the value to come: "steps[2].agent".
  std::string place() const;

private:
  struct frame {
    std::shared_ptr<document_node> node;
    std::string key;
    source_position key_at;
    bool has_key = false;
    /// Positions of the members, sorted by key.
    std::vector<size_t> order;
  };

  void admit(size_t nodes, size_t height, source_position at);
  void begin(document_node::shape shape, source_position at);
  void put(document_node_ptr node);

  language_limits limits_;
  std::vector<frame> stack_;
  document_node_ptr root_;
  size_t nodes_ = 0;
};

} // namespace troupe

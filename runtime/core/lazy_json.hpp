#pragma once

#include "runtime/core/json.hpp"

#include <memory>
#include <string>
#include <utility>

namespace troupe {

/// An immutable JSON value that is carried as text and parsed only when somebody looks inside: most outputs of a wide
/// fan-out are never looked at one by one. Cheap to copy. One thread at a time (the parsed form is cached).
class lazy_json {
public:
  /// JSON null.
  lazy_json() = default;

  /// `text` must be valid JSON; it was checked where it entered the run.
  explicit lazy_json(std::string text) : text_{std::make_shared<const std::string>(std::move(text))} {}

  explicit lazy_json(json value) : value_{std::make_shared<const json>(std::move(value))} {}

  const std::string& text() const {
    return *shared_text();
  }

  const std::shared_ptr<const std::string>& shared_text() const {
    if (!text_)
      text_ = std::make_shared<const std::string>(value_ ? value_->dump(-1, ' ', false, json::error_handler_t::replace)
                                                         : std::string{"null"});
    return text_;
  }

  const json& value() const {
    if (!value_)
      value_ = std::make_shared<const json>(text_ ? json::parse(*text_) : json{});
    return *value_;
  }

private:
  mutable std::shared_ptr<const std::string> text_;
  mutable std::shared_ptr<const json> value_;
};

} // namespace troupe

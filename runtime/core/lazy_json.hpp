#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/json_io.hpp"

#include <memory>
#include <string>
#include <string_view>
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
      text_ = std::make_shared<const std::string>(value_ ? print_json(*value_) : std::string{"null"});
    return text_;
  }

  bool is_null() const {
    if (value_ || !text_)
      return !value_ || value_->is_null();
    auto first = text_->find_first_not_of(" \t\r\n");
    return first != std::string::npos && (*text_)[first] == 'n';
  }

  /// False only where the value surely is no object with a member of this name: a look at the text, which need not be
  /// parsed then.
  bool may_have_member(std::string_view name) const {
    if (value_)
      return value_->is_object() && value_->contains(name);
    // A name may be spelled with escapes.
    return text_ && (text_->find(name) != std::string::npos || text_->find("\\u") != std::string::npos);
  }

  const json& value() const {
    if (!value_)
      value_ = std::make_shared<const json>(text_ ? read_json(*text_) : json{});
    return *value_;
  }

private:
  mutable std::shared_ptr<const std::string> text_;
  mutable std::shared_ptr<const json> value_;
};

} // namespace troupe

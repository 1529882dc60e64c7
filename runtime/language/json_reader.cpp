#include "runtime/language/document_builder.hpp"
#include "runtime/language/document_reader.hpp"

#include <cmath>
#include <iterator>

namespace troupe {

namespace {

/// Tells how far the parser has read: its callbacks carry no positions.
class counting_iterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  counting_iterator(const char* at, size_t* consumed) : at_{at}, consumed_{consumed} {}

  reference operator*() const {
    return *at_;
  }

  counting_iterator& operator++() {
    ++at_;
    ++*consumed_;
    return *this;
  }

  counting_iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }

  bool operator==(const counting_iterator& other) const {
    return at_ == other.at_;
  }

private:
  const char* at_;
  size_t* consumed_;
};

class json_handler {
public:
  json_handler(std::string_view text, line_index& lines, const language_limits& limits, const size_t& consumed)
      : text_{text}, lines_{lines}, consumed_{consumed}, out_{limits} {}

  bool null() {
    out_.scalar(nullptr, word_start());
    return true;
  }

  bool boolean(bool value) {
    out_.scalar(value, word_start());
    return true;
  }

  bool number_integer(json::number_integer_t value) {
    out_.scalar(value, word_start());
    return true;
  }

  bool number_unsigned(json::number_unsigned_t value) {
    out_.scalar(value, word_start());
    return true;
  }

  bool number_float(json::number_float_t value, const std::string&) {
    auto at = word_start();
    if (!std::isfinite(value))
      throw document_fault{at, out_.place(), "a number that is too large", "use a number within ±1.8e308"};
    out_.scalar(value, at);
    return true;
  }

  bool string(std::string& value) {
    auto at = string_start();
    out_.scalar(std::move(value), at);
    return true;
  }

  bool binary(json::binary_t&) {
    return false;
  }

  bool start_object(size_t) {
    out_.begin_object(lines_.at(consumed_ - 1));
    return true;
  }

  bool key(std::string& text) {
    auto at = string_start();
    out_.key(std::move(text), at);
    return true;
  }

  bool end_object() {
    out_.end();
    return true;
  }

  bool start_array(size_t) {
    out_.begin_list(lines_.at(consumed_ - 1));
    return true;
  }

  bool end_array() {
    out_.end();
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& fault) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …"
    std::string message = fault.what();
    if (auto i = message.find("] "); i != std::string::npos)
      message.erase(0, i + 2);
    if (auto i = message.find(": "); message.starts_with("parse error") && i != std::string::npos)
      message.erase(0, i + 2);
    throw document_fault{lines_.at(position == 0 ? 0 : position - 1), out_.place(), "not valid JSON: " + message};
  }

  document_node_ptr take() {
    return out_.take();
  }

private:
  /// A quote inside of a string has a backslash before it, the opening one never has.
  source_position string_start() {
    auto i = consumed_ - 2;
    while (text_[i] != '"' || (i > 0 && text_[i - 1] == '\\'))
      --i;
    return lines_.at(i);
  }

  /// The parser may have read one character past the end of a number.
  source_position word_start() {
    auto in_word = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' || c == '.';
    };
    auto i = consumed_;
    while (i > 0 && !in_word(text_[i - 1]))
      --i;
    while (i > 0 && in_word(text_[i - 1]))
      --i;
    return lines_.at(i);
  }

  std::string_view text_;
  line_index& lines_;
  const size_t& consumed_;
  document_builder out_;
};

} // namespace

document_node_ptr read_json(std::string_view text, line_index& lines, const language_limits& limits) {
  size_t consumed = 0;
  json_handler handler{text, lines, limits, consumed};
  json::sax_parse(counting_iterator{text.data(), &consumed}, counting_iterator{text.data() + text.size(), &consumed},
                  &handler);
  return handler.take();
}

} // namespace troupe

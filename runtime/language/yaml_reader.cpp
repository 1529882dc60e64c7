#include "runtime/language/document_builder.hpp"
#include "runtime/language/document_reader.hpp"
#include "runtime/language/yaml_scalar.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cmath>
#include <map>
#include <optional>
#include <sstream>

namespace troupe {

namespace {

/// yaml-cpp's own node tree accepts duplicate keys and expands aliases without a bound, so the events go to our
/// builder.
class yaml_handler final : public YAML::EventHandler {
public:
  yaml_handler(line_index& lines, const language_limits& limits) : lines_{lines}, out_{limits} {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (out_.complete())
      throw document_fault{position(mark), "", "a second YAML document", "keep one document per file"};
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    put(mark, anchor, nullptr, "");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto at = position(mark);
    // yaml-cpp's tags of scalars without a tag: "?" when plain, "!" when quoted or in block style.
    auto plain = tag == "?";
    if (!plain && tag != "!")
      refuse_tag(at, tag);
    if (out_.expects_key()) {
      if (plain && value == "<<")
        throw document_fault{at, out_.place(), "merge keys (<<) are not part of YAML 1.2",
                             "write the members out, or use an alias for the whole value"};
      if (anchor != 0)
        throw document_fault{at, out_.place(), "an anchor on a key", "move the anchor to a value"};
      out_.key(value, at);
      return;
    }
    auto resolved = plain ? resolve_plain_scalar(value) : json(value);
    if (resolved.is_number_float() && !std::isfinite(resolved.get<double>()))
      throw document_fault{at, out_.place(), "\"" + value + "\" is not a finite number",
                           "quote it when it is meant as text"};
    put(mark, anchor, std::move(resolved), value);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto at = position(mark);
    if (out_.expects_key())
      throw document_fault{at, out_.place(), "an alias as a key", "write the key out"};
    auto i = anchors_.find(anchor);
    if (i == anchors_.end())
      throw document_fault{at, out_.place(), "an alias inside of its own anchor", "write the value out"};
    out_.share(i->second, at);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor);
    out_.begin_list(position(mark));
  }

  void OnSequenceEnd() override {
    end();
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor);
    out_.begin_object(position(mark));
  }

  void OnMapEnd() override {
    end();
  }

  document_node_ptr take() {
    return out_.take();
  }

private:
  source_position position(const YAML::Mark& mark) {
    // yaml-cpp has no mark for a value that is missing at the end of the text: then it is where the last one was.
    if (mark.pos >= 0)
      last_ = lines_.at(static_cast<size_t>(mark.pos));
    return last_;
  }

  [[noreturn]] void refuse_tag(source_position at, const std::string& tag) {
    throw document_fault{at, out_.place(), "the tag \"" + tag + "\"; tags are not supported",
                         "remove it; quotes make a value text"};
  }

  void put(const YAML::Mark& mark, YAML::anchor_t anchor, json value, const std::string& text) {
    auto at = position(mark);
    if (out_.expects_key())
      throw document_fault{at, out_.place(), "the key \"" + text + "\" is not text", "quote the key"};
    if (anchor != 0) {
      auto node = std::make_shared<document_node>();
      node->scalar = std::move(value);
      node->where = at;
      anchors_[anchor] = node;
      out_.share(node, at);
    } else {
      out_.scalar(std::move(value), at);
    }
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    auto at = position(mark);
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse_tag(at, tag);
    if (out_.expects_key())
      throw document_fault{at, out_.place(), "a list or an object as a key", "use text as key"};
    open_.push_back(anchor);
  }

  void end() {
    auto node = out_.end();
    if (open_.back() != 0)
      anchors_[open_.back()] = std::move(node);
    open_.pop_back();
  }

  line_index& lines_;
  document_builder out_;
  source_position last_{1, 1};
  std::map<YAML::anchor_t, document_node_ptr> anchors_;
  /// Anchors of the lists and objects that are not ended.
  std::vector<YAML::anchor_t> open_;
};

} // namespace

document_node_ptr read_yaml(std::string_view text, line_index& lines, const language_limits& limits) {
  std::istringstream in{std::string{text}};
  yaml_handler handler{lines, limits};
  try {
    YAML::Parser parser{in};
    if (!parser.HandleNextDocument(handler))
      throw document_fault{{}, "", "the document is empty"};
    while (parser.HandleNextDocument(handler)) {
      // OnDocumentStart refuses a second document.
    }
  } catch (const YAML::Exception& fault) {
    auto where = fault.mark.pos >= 0 ? lines.at(static_cast<size_t>(fault.mark.pos)) : source_position{};
    throw document_fault{where, "", "not valid YAML: " + fault.msg};
  }
  return handler.take();
}

} // namespace troupe

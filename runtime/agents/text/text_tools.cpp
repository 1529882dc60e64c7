#include "runtime/agents/text/text_tools.hpp"

#include "runtime/agents/function/function_registry.hpp"
#include "runtime/agents/text/document_folder.hpp"
#include "runtime/agents/text/text_evidence.hpp"
#include "runtime/agents/text/text_keywords.hpp"
#include "runtime/agents/text/text_score.hpp"
#include "runtime/agents/text/text_search.hpp"
#include "runtime/agents/text/text_split.hpp"
#include "runtime/agents/text/text_summary.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

namespace troupe {

namespace {

namespace fs = std::filesystem;

bool is_inside(const fs::path& path, const fs::path& root) {
  std::error_code failed;
  const auto inner = fs::canonical(path, failed);
  if (failed)
    return false;
  const auto outer = fs::canonical(root, failed);
  if (failed)
    return false;
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

result<void> check_folder(const json& input, const json& defaults) {
  const auto root = text::optional_text(defaults, "root", {});
  if (!root)
    return tl::unexpected{root.error()};
  const auto folder = text::required_text(input, "folder");
  if (!folder)
    return tl::unexpected{folder.error()};
  if (!root->empty() && !is_inside(*folder, *root))
    return fail(v1::ERROR_CODE_FORBIDDEN, "folder: " + *folder + " is not inside of " + *root);
  return {};
}

// Reads what the input names.
result<void> load_texts(json& input) {
  auto names = text::optional_texts(input, input.contains("name") ? "name" : "names");
  if (!names)
    return tl::unexpected{names.error()};
  auto read = text::documents({{"folder", input["folder"]}, {"names", *names}});
  if (!read)
    return tl::unexpected{read.error()};
  input["documents"] = std::move((*read)["documents"]);
  return {};
}

class text_agent final : public function_agent {
public:
  // No braces around JSON: they would make an array of it.
  text_agent(std::string_view tool, json settings) : tool_{tool}, settings_(std::move(settings)) {}

  result<task_output> run(const task_input& in) override {
    auto output = run_text_tool(tool_, in.input(), settings_);
    if (!output)
      return tl::unexpected{output.error()};
    task_output out{std::move(*output)};
    out.confidence = share("confidence", out.output);
    out.quality = share("score", out.output);
    return out;
  }

private:
  static std::optional<double> share(const char* member, const json& output) {
    auto found = output.find(member);
    return found != output.end() && found->is_number() ? std::optional{found->get<double>()} : std::nullopt;
  }

  std::string_view tool_;
  json settings_;
};

} // namespace

const std::vector<text_tool>& text_tools() {
  static const std::vector<text_tool> all{
      {"text.documents", text::documents, "lists and reads the text files of a folder"},
      {"text.evidence", text::evidence, "weighs whether a text makes a claim, with quotations"},
      {"text.keywords", text::keywords, "finds the phrases that a text is about"},
      {"text.score", text::score, "rates a text: readability, coverage, overlap, length"},
      {"text.search", text::search, "finds the sentences that answer best to some words"},
      {"text.split", text::split, "cuts a text along its headings and paragraphs"},
      {"text.summary", text::summary, "picks the sentences that say most"},
  };
  return all;
}

result<json> run_text_tool(std::string_view name, const json& input, const json& defaults) {
  const auto& all = text_tools();
  const auto tool = std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.name == name; });
  if (tool == all.end())
    return fail(v1::ERROR_CODE_NOT_FOUND, "there is no text tool " + std::string{name});
  if (!input.is_object())
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                std::string{name} + ": expected an object as input, found " + input.type_name());
  auto merged = defaults.is_object() ? defaults : json::object();
  merged.update(input);
  result<void> ready;
  if (merged.contains("folder")) {
    ready = check_folder(merged, defaults.is_object() ? defaults : json::object());
    if (ready && name != "text.documents")
      ready = load_texts(merged);
  }
  auto out = ready ? tool->run(merged) : result<json>{tl::unexpected{ready.error()}};
  if (!out)
    out.error().message = std::string{name} + ": " + out.error().message;
  return out;
}

void add_text_tools(function_registry& registry) {
  for (const auto& tool : text_tools()) {
    auto make = [name = tool.name](const json& config) -> result<std::unique_ptr<function_agent>> {
      return std::make_unique<text_agent>(name, config);
    };
    registry.add_maker(std::string{tool.name}, make, {.blocking = true});
  }
}

} // namespace troupe

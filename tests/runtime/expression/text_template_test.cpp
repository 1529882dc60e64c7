#include "runtime/expression/text_template.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

std::string render(std::string_view text, const json& data) {
  auto parsed = text_template::parse(text);
  if (!parsed)
    return "fault: " + parsed.error().message;
  auto out = parsed->render(data);
  return out ? *out : "fault: " + out.error().message;
}

TEST(text_template, prints_values_without_html_escapes) {
  EXPECT_EQ(render("{{x}} {{{x}}} {{&x}}", {{"x", "<a> & \"b\""}}), "<a> & \"b\" <a> & \"b\" <a> & \"b\"");
  EXPECT_EQ(render("{{n}} {{f}} {{b}} {{null}}{{missing}}", {{"n", 3}, {"f", 0.5}, {"b", true}, {"null", nullptr}}),
            "3 0.5 true ");
  EXPECT_EQ(render("{{a.b.c}}{{a.x.c}}", R"({"a": {"b": {"c": "deep"}}})"_json), "deep");
  EXPECT_EQ(render("{{.}}", "plain"), "plain");
}

TEST(text_template, prints_objects_and_arrays_as_compact_json) {
  EXPECT_EQ(render("{{o}} {{l}}", {{"o", {{"k", 1}}}, {"l", {1, 2}}}), R"({"k":1} [1,2])");
}

TEST(text_template, repeats_sections_and_looks_outwards_for_names) {
  const auto data = R"({"title": "T", "items": [{"n": 1}, {"n": 2}], "none": [], "yes": true})"_json;
  EXPECT_EQ(render("{{#items}}{{title}}{{n}};{{/items}}", data), "T1;T2;");
  EXPECT_EQ(render("{{^none}}empty{{/none}}{{#none}}x{{/none}}{{#yes}}y{{/yes}}{{^yes}}z{{/yes}}", data), "emptyy");
  EXPECT_EQ(render("{{#l}}<{{.}}>{{/l}}", {{"l", {"a", "b"}}}), "<a><b>");
}

TEST(text_template, removes_lines_that_hold_only_a_tag) {
  EXPECT_EQ(render("Goals:\n{{#g}}\n  - {{.}}\n{{/g}}\nEnd\n", {{"g", {"a", "b"}}}), "Goals:\n  - a\n  - b\nEnd\n");
  EXPECT_EQ(render("{{! a note }}\nx", {}), "x");
  EXPECT_EQ(render("a {{! in a line }} b", {}), "a  b");
  EXPECT_EQ(render("  {{#x}}  \ny\n  {{/x}}", {{"x", true}}), "y\n");
  EXPECT_EQ(render("{{#x}}{{/x}}\n", {{"x", true}}), "\n");
}

TEST(text_template, changes_its_delimiters) {
  EXPECT_EQ(render("{{=<% %>=}}<%x%> {{x}}<%={{ }}=%> {{x}}", {{"x", 1}}), "1 {{x}} 1");
}

TEST(text_template, names_line_and_column_of_a_fault) {
  EXPECT_EQ(render("a\n b {{x", {}), "fault: line 2, column 4: the tag is never closed; expected \"}}\"");
  EXPECT_EQ(render("{{#a}}", {}), "fault: line 1, column 1: the section {{#a}} is never closed");
  EXPECT_EQ(render("{{#a}}{{/b}}", {}), "fault: line 1, column 7: expected {{/a}}, found {{/b}}");
  EXPECT_EQ(render("{{/b}}", {}), "fault: line 1, column 1: {{/b}} closes nothing");
  EXPECT_EQ(render("{{> p}}", {}), "fault: line 1, column 1: there are no partials here; write the text in place");
  EXPECT_EQ(render("{{}}", {}), "fault: line 1, column 1: expected a name such as {{goal}} or {{plan.title}}");
}

TEST(text_template, bounds_its_output_and_its_work) {
  const json big{{"l", std::vector<int>(3000)}};
  EXPECT_EQ(render("{{#l}}{{#l}}xxxxxxxxxx{{/l}}{{/l}}", big).substr(0, 6), "fault:");
  EXPECT_EQ(render("{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}", big).substr(0, 6), "fault:");
  std::string deep;
  for (int i = 0; i < 100; ++i)
    deep += "{{#a}}";
  EXPECT_NE(render(deep, {}).find("64 levels"), std::string::npos);
}

TEST(text_template, takes_no_longer_per_tag_when_there_are_many_on_one_line) {
  std::string text;
  while (text.size() < 1'000'000)
    text += "{{!x}}";
  EXPECT_EQ(text_template::parse(text).value().render({}).value(), "");
}

} // namespace
} // namespace troupe

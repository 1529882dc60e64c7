#include "runtime/agents/llm/sse_parser.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ostream>

namespace troupe {

bool operator==(const sse_event& a, const sse_event& b) {
  return a.type == b.type && a.data == b.data;
}

std::ostream& operator<<(std::ostream& out, const sse_event& x) {
  return out << x.type << ": " << x.data;
}

namespace {

using events = std::vector<sse_event>;

events parse(std::string_view text, size_t piece = 1'000'000) {
  sse_parser parser;
  events out;
  for (size_t i = 0; i < text.size(); i += piece)
    EXPECT_TRUE(parser.feed(text.substr(i, piece), out));
  EXPECT_TRUE(parser.finish(out));
  return out;
}

TEST(sse_parser_test, yields_an_event_for_each_blank_line) {
  EXPECT_EQ(parse("data: a\n\ndata: b\n\n"), (events{{"message", "a"}, {"message", "b"}}));
}

TEST(sse_parser_test, joins_the_lines_of_an_event) {
  EXPECT_EQ(parse("data: a\ndata:b\ndata\n\n"), (events{{"message", "a\nb\n"}}));
}

TEST(sse_parser_test, takes_one_blank_away_behind_the_colon) {
  EXPECT_EQ(parse("data:  x\n\n"), (events{{"message", " x"}}));
}

TEST(sse_parser_test, knows_every_kind_of_line_end) {
  EXPECT_EQ(parse("data: a\r\n\r\ndata: b\r\rdata: c\n\n"),
            (events{{"message", "a"}, {"message", "b"}, {"message", "c"}}));
  EXPECT_EQ(parse("data: a\r\n\r\ndata: b\r\n\r\n", 1), (events{{"message", "a"}, {"message", "b"}}));
}

TEST(sse_parser_test, names_events) {
  EXPECT_EQ(parse("event: error\ndata: x\n\ndata: y\n\n"), (events{{"error", "x"}, {"message", "y"}}));
}

TEST(sse_parser_test, skips_comments_ids_and_what_it_does_not_know) {
  EXPECT_EQ(parse(": keep alive\n\nid: 7\nretry: 10\nfoo: bar\ndata: x\n\n"), (events{{"message", "x"}}));
}

TEST(sse_parser_test, skips_events_without_data) {
  EXPECT_EQ(parse("event: ping\n\n\n\n"), events{});
  EXPECT_EQ(parse("data\n\n"), (events{{"message", ""}}));
}

TEST(sse_parser_test, skips_a_byte_order_mark) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "data: x\n\n",
                  1),
            (events{{"message", "x"}}));
}

TEST(sse_parser_test, counts_the_last_event_without_its_blank_line) {
  EXPECT_EQ(parse("data: a\n\ndata: b\n"), (events{{"message", "a"}, {"message", "b"}}));
  EXPECT_EQ(parse("data: b"), (events{{"message", "b"}}));
}

TEST(sse_parser_test, bounds_a_line) {
  sse_parser parser{100};
  events out;
  result<void> ok;
  for (int i = 0; i < 200 && ok; ++i)
    ok = parser.feed("x", out);
  ASSERT_FALSE(ok);
  EXPECT_EQ(ok.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST(sse_parser_test, bounds_an_event_of_many_lines) {
  sse_parser parser{100};
  events out;
  result<void> ok;
  for (int i = 0; i < 200 && ok; ++i)
    ok = parser.feed("data: 0123456789\n", out);
  ASSERT_FALSE(ok);
  EXPECT_EQ(ok.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

/// Text in which everything that matters to the parser is frequent.
rc::Gen<std::string> stream_text() {
  auto piece = rc::gen::element<std::string>("data: ", "data", "event: e", ":", " ", "\n", "\r", "\r\n", "\n\n", "x",
                                             "ä", "\xEF\xBB\xBF", "id: 1");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string out;
    for (auto& x : pieces)
      out += x;
    return out;
  });
}

RC_GTEST_PROP(sse_parser_law, yields_the_same_events_however_the_bytes_are_cut, ()) {
  auto text = *stream_text();
  auto whole = parse(text);
  sse_parser parser;
  events out;
  std::string_view rest{text};
  while (!rest.empty()) {
    auto n = *rc::gen::inRange<size_t>(1, rest.size() + 1);
    RC_ASSERT(parser.feed(rest.substr(0, n), out).has_value());
    rest.remove_prefix(n);
  }
  RC_ASSERT(parser.finish(out).has_value());
  RC_ASSERT(out == whole);
}

RC_GTEST_PROP(sse_parser_law, reads_back_what_was_written, ()) {
  auto sent = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::element('a', ':', ' ', '{', '\n', '\xC3', '\xA4')));
  std::string text;
  for (auto& data : sent) {
    text += "data: ";
    for (char c : data)
      text += c == '\n' ? std::string{"\ndata: "} : std::string{c};
    text += "\n\n";
  }
  events expected;
  for (auto& data : sent)
    expected.push_back({"message", data});
  RC_ASSERT(parse(text) == expected);
}

} // namespace
} // namespace troupe

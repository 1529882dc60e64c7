#include "runtime/agents/http/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;

std::string fault_of(settings& x) {
  auto ok = x.check();
  return ok ? "" : ok.error().message;
}

TEST(settings_reader, reads_what_is_there_and_defaults_to_the_rest) {
  settings x{{{"a", "text"}, {"b", true}, {"c", 7}, {"d", 0.5}, {"e", nullptr}}};
  EXPECT_EQ(x.text("a"), "text");
  EXPECT_EQ(x.text("none", "default"), "default");
  EXPECT_EQ(x.text("e", "null is absent"), "null is absent");
  EXPECT_TRUE(x.flag("b", false));
  EXPECT_EQ(x.count("c", 1, 0, 10), 7u);
  EXPECT_EQ(x.number("d", 0, 1), 0.5);
  EXPECT_EQ(x.number("none", 0, 1), std::nullopt);
  EXPECT_TRUE(x.check());
}

TEST(settings_reader, keeps_the_first_fault_and_names_its_place) {
  settings x{{{"a", 1}, {"b", "no"}}};
  x.text("a");
  x.flag("b", false);
  EXPECT_EQ(fault_of(x), "a: expected a string, found number");
  EXPECT_EQ(x.check().error().code, v1::ERROR_CODE_INVALID_INPUT);
}

TEST(settings_reader, names_nested_places) {
  settings x{{{"price", {{"input", -1}}}, {"flat", 1}}};
  auto nested = x.object("price");
  nested.number("input", 0, 10);
  x.absorb(nested);
  EXPECT_THAT(fault_of(x), HasSubstr("price.input: expected a number from 0"));
  settings y{{{"price", 3}}};
  auto wrong = y.object("price");
  y.absorb(wrong);
  EXPECT_EQ(fault_of(y), "price: expected an object, found number");
}

TEST(settings_reader, holds_numbers_to_their_bounds) {
  for (auto& bad : {json(-1), json(11), json(1.5), json("3"), json(true)}) {
    settings x{{{"n", bad}}};
    EXPECT_EQ(x.count("n", 5, 0, 10), 5u);
    EXPECT_THAT(fault_of(x), HasSubstr("from 0 to 10")) << bad;
  }
}

TEST(settings_reader, takes_headers_that_can_be_sent) {
  settings good{{{"headers", {{"X-A", "1"}, {"X-B", ""}}}}};
  auto headers = good.headers("headers");
  EXPECT_EQ(headers.size(), 2u);
  EXPECT_EQ(*find_header(headers, "X-A"), "1");
  EXPECT_TRUE(good.check());
  for (auto& bad : {json{{"X A", "1"}}, json{{"X-A", 1}}, json{{"X-A", "1\r\nX-B: 2"}}, json{{"content-length", "1"}},
                    json{{"Idempotency-Key", "1"}}, json("X-A: 1")}) {
    settings x{{{"headers", bad}}};
    x.headers("headers");
    EXPECT_THAT(fault_of(x), HasSubstr("headers: ")) << bad;
  }
}

TEST(url_check, takes_http_and_https_alone) {
  for (auto* good : {"http://h", "https://h/p?q=1#f", "http://127.0.0.1:80/", "http://[::1]:80/x", "https://h/a@b"})
    EXPECT_EQ(url_fault(good), std::nullopt) << good;
  for (auto* bad : {"", "h", "ftp://h", "file:///etc/passwd", "HTTP//h", "http://", "http:///x", "http://:80/",
                    "http://user:secret@h/", "http://a b/", "http://h/\xc3\xa4", "http://h\\@x/"})
    EXPECT_TRUE(url_fault(bad)) << bad;
  EXPECT_TRUE(url_fault("http://h/" + std::string(10'000, 'x')));
}

struct api_key : ::testing::Test {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  host_lookup lookup{[this](const std::string& name) -> std::optional<std::string> {
                       auto i = variables.find(name);
                       return i == variables.end() ? std::nullopt : std::optional{i->second};
                     },
                     [this](const std::string& path) -> result<std::string> {
                       auto i = files.find(path);
                       if (i == files.end())
                         return fail(v1::ERROR_CODE_NOT_FOUND, "no such file");
                       return i->second;
                     }};
};

TEST_F(api_key, comes_from_the_environment_or_a_file) {
  variables["KEY"] = "sk-1";
  files["/key"] = "sk-2\n";
  EXPECT_EQ(find_api_key("KEY", "", lookup).value(), "sk-1");
  EXPECT_EQ(find_api_key("", "/key", lookup).value(), "sk-2");
  EXPECT_EQ(find_api_key("KEY", "/key", lookup).value(), "sk-1");
  EXPECT_EQ(find_api_key("", "", lookup).value(), "");
}

TEST_F(api_key, names_the_place_that_has_none) {
  files["/empty"] = "\n";
  files["/two"] = "a\nb";
  auto unset = find_api_key("KEY", "", lookup);
  ASSERT_FALSE(unset);
  EXPECT_EQ(unset.error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_THAT(unset.error().message, HasSubstr("KEY"));
  EXPECT_THAT(find_api_key("", "/none", lookup).error().message, HasSubstr("/none"));
  EXPECT_THAT(find_api_key("", "/empty", lookup).error().message, HasSubstr("empty"));
  auto broken = find_api_key("", "/two", lookup);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, v1::ERROR_CODE_INVALID_INPUT);
}

} // namespace
} // namespace troupe

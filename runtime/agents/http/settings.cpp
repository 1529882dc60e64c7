#include "runtime/agents/http/settings.hpp"

#include "runtime/core/json_io.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe {

namespace {

constexpr size_t max_url = 8192;
constexpr size_t max_headers = 64;

/// What frames the message, or carries the task.
bool is_reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 8> reserved = {
      "content-length", "transfer-encoding", "connection",      "host",
      "expect",         "upgrade",           "idempotency-key", "traceparent"};
  return std::any_of(reserved.begin(), reserved.end(), [&](std::string_view r) {
    return find_header({{std::string{name}, {}}}, r) != nullptr;
  });
}

} // namespace

settings::settings(const json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {
  if (!object_.is_object()) {
    fault_ = error{v1::ERROR_CODE_INVALID_INPUT,
                   (prefix_.empty() ? "the settings" : prefix_) + ": expected an object, found " + object_.type_name(),
                   false};
    object_ = json::object();
  }
}

void settings::blame(std::string_view name, const std::string& what) {
  if (fault_)
    return;
  auto place = prefix_.empty() ? std::string{name} : prefix_ + "." + std::string{name};
  fault_ = error{v1::ERROR_CODE_INVALID_INPUT, place + ": " + what, false};
}

void settings::absorb(const settings& nested) {
  if (!fault_)
    fault_ = nested.fault_;
}

const json* settings::find(std::string_view name) {
  auto i = object_.find(name);
  return i == object_.end() || i->is_null() ? nullptr : &*i;
}

std::string settings::text(std::string_view name, std::string fallback) {
  auto* value = find(name);
  if (!value)
    return fallback;
  if (value->is_string())
    return value->get<std::string>();
  blame(name, std::string{"expected a string, found "} + value->type_name());
  return fallback;
}

bool settings::flag(std::string_view name, bool fallback) {
  auto* value = find(name);
  if (!value)
    return fallback;
  if (value->is_boolean())
    return value->get<bool>();
  blame(name, std::string{"expected true or false, found "} + value->type_name());
  return fallback;
}

uint64_t settings::count(std::string_view name, uint64_t fallback, uint64_t least, uint64_t most) {
  auto* value = find(name);
  if (!value)
    return fallback;
  if (value->is_number_unsigned() || (value->is_number_integer() && value->get<int64_t>() >= 0))
    if (auto x = value->get<uint64_t>(); x >= least && x <= most)
      return x;
  blame(name, "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return fallback;
}

std::optional<double> settings::number(std::string_view name, double least, double most) {
  auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (value->is_number())
    if (auto x = value->get<double>(); std::isfinite(x) && x >= least && x <= most)
      return x;
  blame(name, "expected a number from " + json(least).dump() + " to " + json(most).dump());
  return std::nullopt;
}

http_headers settings::headers(std::string_view name) {
  auto* value = find(name);
  if (!value)
    return {};
  if (!value->is_object()) {
    blame(name, std::string{"expected an object of strings, found "} + value->type_name());
    return {};
  }
  if (value->size() > max_headers) {
    blame(name, "more than " + std::to_string(max_headers) + " headers");
    return {};
  }
  http_headers out;
  for (auto& [key, text] : value->items()) {
    if (!is_header_name(key))
      blame(name, print_json(json(key)) + " is not a header name");
    else if (is_reserved(key))
      blame(name, key + " is set by troupe; leave it out");
    else if (!text.is_string() || !is_header_value(text.get_ref<const std::string&>()))
      blame(name, key + ": expected a string without line breaks");
    else
      out.push_back({key, text.get<std::string>()});
  }
  return out;
}

settings settings::object(std::string_view name) {
  auto* value = find(name);
  auto place = prefix_.empty() ? std::string{name} : prefix_ + "." + std::string{name};
  return settings{value ? *value : json::object(), std::move(place)};
}

result<void> settings::check() const {
  if (fault_)
    return tl::unexpected<error>(*fault_);
  return {};
}

std::optional<std::string> url_fault(std::string_view url) {
  size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  if (scheme == 0)
    return "expected a URL that begins with http:// or https://";
  if (url.size() > max_url)
    return "longer than " + std::to_string(max_url) + " bytes";
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7F || c == '\\'; }))
    return "blanks, backslashes and other than ASCII must be percent-encoded";
  auto authority = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
  if (authority.find('@') != std::string_view::npos)
    return "no user and password in the URL; use api_key_env or headers";
  if (authority.empty() || authority.front() == ':')
    return "the URL names no host";
  return std::nullopt;
}

result<std::string> find_api_key(const std::string& api_key_env, const std::string& api_key_file,
                                 const host_lookup& lookup) {
  std::string key;
  std::string place;
  if (!api_key_env.empty()) {
    place = "environment variable " + api_key_env + " (api_key_env)";
    auto value = lookup.variable(api_key_env);
    if (!value)
      return fail(v1::ERROR_CODE_NOT_FOUND, place + " is not set; set it for the node and start it again");
    key = *value;
  } else if (!api_key_file.empty()) {
    place = "file " + api_key_file + " (api_key_file)";
    auto text = lookup.file(api_key_file);
    if (!text)
      return fail(v1::ERROR_CODE_NOT_FOUND, place + ": " + text.error().message);
    key = *text;
  } else {
    return key;
  }
  // A file ends in a newline.
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' '))
    key.pop_back();
  if (key.empty())
    return fail(v1::ERROR_CODE_NOT_FOUND, place + " is empty");
  if (!is_header_value(key))
    return fail(v1::ERROR_CODE_INVALID_INPUT, place + " holds line breaks or control characters, which no key has");
  return key;
}

} // namespace troupe

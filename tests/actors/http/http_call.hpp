#pragma once

#include "actors/http/http_client.hpp"
#include "tests/support/patience.hpp"

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::test {

/// One request and what came of it.
struct call {
  std::promise<result<http_response>> done;
  std::future<result<http_response>> outcome = done.get_future();
  std::promise<void> first_part;
  std::future<void> started = first_part.get_future();
  std::optional<http_response> head;
  std::vector<std::string> parts;
  uint64_t id = 0;

  call(http_client& client, http_request request) {
    http_callbacks callbacks;
    callbacks.on_head = [this](const http_response& x) { head = x; };
    callbacks.on_body = [this](std::string_view bytes) {
      parts.emplace_back(bytes);
      if (parts.size() == 1)
        first_part.set_value();
    };
    callbacks.on_done = [this](result<http_response> x) { done.set_value(std::move(x)); };
    id = client.submit(std::move(request), std::move(callbacks));
  }

  result<http_response> wait() {
    if (outcome.wait_for(patience) != std::future_status::ready)
      return fail(v1::ERROR_CODE_INTERNAL, "the test lost its patience");
    return outcome.get();
  }
};

inline http_request post(std::string url, std::string body = "{}") {
  http_request out;
  out.url = std::move(url);
  out.body = std::move(body);
  out.timeout = patience;
  return out;
}

} // namespace troupe::test

#include "actors/http/http_client.hpp"

#include "tests/actors/http/http_call.hpp"
#include "tests/support/http_test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace troupe {
namespace {

using test::call;
using test::http_test_server;
using test::patience;
using test::post;
using ::testing::HasSubstr;

TEST(http_client_limits, gives_up_when_the_time_is_over) {
  http_test_server server{[](auto&, auto& x) { x.hold(); }};
  http_client client;
  auto request = post(server.url());
  request.timeout = milliseconds{50};
  auto response = call{client, request}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_TIMED_OUT);
  EXPECT_TRUE(response.error().retryable);
  EXPECT_THAT(response.error().message, HasSubstr("50 ms"));
}

TEST(http_client_limits, gives_up_when_a_body_is_too_slow) {
  http_test_server server{[](auto&, auto& x) {
    x.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
    x.hold();
  }};
  http_client client;
  auto request = post(server.url());
  request.timeout = milliseconds{100};
  auto response = call{client, request}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_TIMED_OUT);
}

TEST(http_client_limits, refuses_a_body_that_is_too_large) {
  http_test_server server{[](auto&, auto& x) { x.respond(200, {}, std::string(100'000, 'x')); }};
  http_client client;
  auto request = post(server.url());
  request.max_response_bytes = 50'000;
  auto response = call{client, request}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_FALSE(response.error().retryable);
  EXPECT_THAT(response.error().message, HasSubstr("max_response_bytes"));
}

TEST(http_client_limits, refuses_a_body_without_end) {
  http_test_server server{[](auto&, auto& x) {
    x.begin_chunked(200, {});
    for (int i = 0; i < 1000; ++i)
      x.chunk(std::string(1000, 'x'));
    x.hold();
  }};
  http_client client;
  auto request = post(server.url());
  request.max_response_bytes = 50'000;
  request.stream = true;
  auto response = call{client, request}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST(http_client_limits, refuses_headers_without_end) {
  http_test_server server{[](auto&, auto& x) {
    x.send("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 200; ++i)
      x.send("X-Filler: " + std::string(1000, 'x') + "\r\n");
    x.hold();
  }};
  http_client client;
  auto response = call{client, post(server.url())}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST(http_client_limits, runs_no_more_requests_at_once_than_allowed) {
  std::promise<void> go_on;
  auto gate = go_on.get_future().share();
  http_test_server server{[gate](auto& request, auto& x) {
    gate.wait_for(patience);
    x.respond(200, {}, request.body);
  }};
  http_client_config config;
  config.max_concurrent = 2;
  http_client client{config};
  std::vector<std::unique_ptr<call>> calls;
  for (int i = 0; i < 8; ++i)
    calls.push_back(std::make_unique<call>(client, post(server.url(), std::to_string(i))));
  auto expiring = post(server.url());
  expiring.timeout = milliseconds{50};
  // It never leaves the queue: both connections are taken.
  auto response = call{client, expiring}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_TIMED_OUT);
  EXPECT_LE(server.requests().size(), 2u);
  go_on.set_value();
  for (int i = 0; i < 8; ++i) {
    auto answer = calls[i]->wait();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, std::to_string(i));
  }
  EXPECT_LE(server.connections(), 2u);
}

TEST(http_client_limits, refuses_more_than_its_queue_holds) {
  http_test_server server{[](auto&, auto& x) { x.hold(); }};
  http_client_config config;
  config.max_concurrent = 1;
  config.max_queued = 1;
  auto client = std::make_unique<http_client>(config);
  call running{*client, post(server.url())};
  call waiting{*client, post(server.url())};
  auto refused = call{*client, post(server.url())}.wait();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(refused.error().retryable);
  client.reset();
  EXPECT_EQ(running.wait().error().code, v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_EQ(waiting.wait().error().code, v1::ERROR_CODE_UNAVAILABLE);
}

TEST(http_client_limits, may_end_within_its_own_callback) {
  http_test_server server{[](auto&, auto& x) { x.respond(200, {}, "ok"); }};
  auto client = std::make_shared<http_client>();
  std::promise<void> ended;
  auto* raw = client.get();
  http_callbacks callbacks;
  callbacks.on_done = [client = std::move(client), &ended](result<http_response>) mutable {
    client.reset();
    ended.set_value();
  };
  raw->submit(post(server.url()), std::move(callbacks));
  EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready);
}

TEST(http_client_limits, takes_requests_from_many_threads) {
  http_test_server server{[](auto& request, auto& x) { x.respond(200, {}, request.body); }};
  http_client_config config;
  config.max_concurrent = 8;
  http_client client{config};
  std::vector<std::future<bool>> threads;
  for (int t = 0; t < 4; ++t)
    threads.push_back(std::async(std::launch::async, [&, t] {
      for (int i = 0; i < 50; ++i) {
        auto body = std::to_string(t * 1000 + i);
        auto response = call{client, post(server.url(), body)}.wait();
        if (!response || response->body != body)
          return false;
      }
      return true;
    }));
  for (auto& thread : threads)
    EXPECT_TRUE(thread.get());
}

} // namespace
} // namespace troupe

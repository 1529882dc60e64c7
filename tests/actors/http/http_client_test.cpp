#include "actors/http/http_client.hpp"

#include "tests/support/http_test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <future>
#include <optional>
#include <set>
#include <sys/socket.h>

namespace troupe {
namespace {

using test::http_exchange;
using test::http_test_server;
using test::received_request;
using ::testing::HasSubstr;

/// How long a test waits before it is wrong.
constexpr std::chrono::seconds patience{20};

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

http_request post(std::string url, std::string body = "{}") {
  http_request out;
  out.url = std::move(url);
  out.body = std::move(body);
  out.timeout = patience;
  return out;
}

TEST(http_client_test, sends_a_request_and_brings_the_response_back) {
  http_test_server server{[](auto& request, auto& x) {
    x.respond(200, {"Content-Type: application/json", "X-Answer: 42"}, "[" + request.body + "]");
  }};
  http_client client;
  auto request = post(server.url("/work?a=1"), "{\"x\":1}");
  request.headers = {{"X-Question", "what"}, {"X-Empty", ""}};
  auto response = call{client, request}.wait();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "[{\"x\":1}]");
  EXPECT_EQ(*find_header(response->headers, "x-answer"), "42");
  auto seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/work?a=1");
  EXPECT_EQ(*find_header(seen.headers, "x-question"), "what");
  EXPECT_EQ(*find_header(seen.headers, "x-empty"), "");
  EXPECT_EQ(find_header(seen.headers, "expect"), nullptr);
}

TEST(http_client_test, hands_a_streamed_body_over_as_it_arrives) {
  std::promise<void> go_on;
  auto gate = go_on.get_future().share();
  http_test_server server{[gate](auto&, auto& x) {
    x.begin_chunked(200, {"Content-Type: text/event-stream"});
    x.chunk("data: 1\n\n");
    gate.wait_for(patience);
    x.chunk("data: 2\n\n");
    x.end_chunked();
  }};
  http_client client;
  auto request = post(server.url());
  request.stream = true;
  call stream{client, request};
  // The first part is here before the server has sent the second.
  ASSERT_EQ(stream.started.wait_for(patience), std::future_status::ready);
  go_on.set_value();
  auto response = stream.wait();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->body.empty());
  ASSERT_TRUE(stream.head);
  EXPECT_EQ(stream.head->status, 200);
  EXPECT_EQ(media_type(stream.head->headers), "text/event-stream");
  EXPECT_EQ(stream.parts, (std::vector<std::string>{"data: 1\n\n", "data: 2\n\n"}));
}

TEST(http_client_test, keeps_the_body_of_a_failure_together_even_when_a_stream_was_wanted) {
  http_test_server server{[](auto&, auto& x) { x.respond(429, {"Retry-After: 7"}, "slow down"); }};
  http_client client;
  auto request = post(server.url());
  request.stream = true;
  call stream{client, request};
  auto response = stream.wait();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->body, "slow down");
  EXPECT_EQ(*find_header(response->headers, "retry-after"), "7");
  EXPECT_TRUE(stream.parts.empty());
  EXPECT_FALSE(stream.head);
}

TEST(http_client_test, does_not_follow_redirects) {
  http_test_server server{[](auto&, auto& x) { x.respond(307, {"Location: /elsewhere"}, ""); }};
  http_client client;
  auto response = call{client, post(server.url())}.wait();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 307);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(http_client_test, skips_interim_responses) {
  http_test_server server{[](auto&, auto& x) {
    x.send("HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n");
    x.respond(200, {"X-Late: yes"}, "done");
  }};
  http_client client;
  auto request = post(server.url());
  request.stream = true;
  call stream{client, request};
  auto response = stream.wait();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  ASSERT_TRUE(stream.head);
  EXPECT_EQ(stream.head->status, 200);
  EXPECT_EQ(find_header(stream.head->headers, "x-early"), nullptr);
  EXPECT_NE(find_header(stream.head->headers, "x-late"), nullptr);
}

TEST(http_client_test, reuses_a_connection) {
  http_test_server server{[](auto&, auto& x) { x.respond(200, {}, "ok"); }};
  http_client client;
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(call(client, post(server.url())).wait());
  EXPECT_EQ(server.requests().size(), 5u);
  EXPECT_EQ(server.connections(), 1u);
}

/// This process' ends of connections to a port.
std::vector<int> sockets_to(uint16_t port) {
  std::vector<int> out;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && peer.sin_family == AF_INET
        && ntohs(peer.sin_port) == port)
      out.push_back(fd);
  }
  return out;
}

TEST(http_client_test, leaves_no_connection_to_programs_that_are_started) {
  http_test_server server{[](auto&, auto& x) { x.respond(200, {}, "ok"); }};
  http_client client;
  ASSERT_TRUE(call(client, post(server.url())).wait());
  auto url = server.url();
  auto idle = sockets_to(static_cast<uint16_t>(std::stoul(url.substr(url.rfind(':') + 1))));
  ASSERT_EQ(idle.size(), 1u);
  EXPECT_NE(::fcntl(idle[0], F_GETFD) & FD_CLOEXEC, 0);
}

TEST(http_client_test, gives_up_when_the_time_is_over) {
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

TEST(http_client_test, gives_up_when_a_body_is_too_slow) {
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

TEST(http_client_test, aborts_the_transfer_when_it_is_cancelled) {
  std::promise<bool> gone;
  http_test_server server{[&gone](auto&, auto& x) {
    x.begin_chunked(200, {});
    x.chunk("begun");
    gone.set_value(x.hold());
  }};
  http_client client;
  auto request = post(server.url());
  request.stream = true;
  call stream{client, request};
  ASSERT_EQ(stream.started.wait_for(patience), std::future_status::ready);
  client.cancel(stream.id);
  auto response = stream.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_CANCELLED);
  auto seen = gone.get_future();
  ASSERT_EQ(seen.wait_for(patience), std::future_status::ready);
  EXPECT_TRUE(seen.get()) << "the connection should have been closed";
}

TEST(http_client_test, ignores_the_cancellation_of_what_is_done) {
  http_test_server server{[](auto&, auto& x) { x.respond(200, {}, "ok"); }};
  http_client client;
  call first{client, post(server.url())};
  ASSERT_TRUE(first.wait());
  client.cancel(first.id);
  client.cancel(999);
  EXPECT_TRUE(call(client, post(server.url())).wait());
}

TEST(http_client_test, refuses_a_body_that_is_too_large) {
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

TEST(http_client_test, refuses_a_body_without_end) {
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

TEST(http_client_test, refuses_headers_without_end) {
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

TEST(http_client_test, says_unavailable_when_the_connection_breaks) {
  http_test_server server{[](auto& request, auto& x) {
    if (request.target == "/late")
      x.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
    x.reset();
  }};
  http_client client;
  for (auto* path : {"/early", "/late"}) {
    auto response = call{client, post(server.url(path))}.wait();
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code, v1::ERROR_CODE_UNAVAILABLE) << path;
    EXPECT_TRUE(response.error().retryable) << path;
  }
}

TEST(http_client_test, says_unavailable_when_nobody_listens) {
  std::string url;
  {
    http_test_server server{[](auto&, auto&) {}};
    url = server.url();
  }
  http_client client;
  auto response = call{client, post(url)}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_TRUE(response.error().retryable);
}

TEST(http_client_test, sends_nothing_but_http) {
  http_client client;
  for (auto* url : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "nonsense", ""}) {
    auto response = call{client, post(url)}.wait();
    ASSERT_FALSE(response) << url;
    EXPECT_FALSE(response.error().code == v1::ERROR_CODE_INTERNAL) << url << response.error().message;
  }
  auto response = call{client, post("file:///etc/passwd")}.wait();
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_INVALID_INPUT);
}

TEST(http_client_test, refuses_a_header_that_would_end_its_line) {
  http_test_server server{[](auto&, auto& x) { x.respond(200, {}, "ok"); }};
  http_client client;
  auto request = post(server.url());
  request.headers = {{"X-Evil", "a\r\nX-Injected: b"}};
  auto response = call{client, request}.wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_TRUE(server.requests().empty());
}

TEST(http_client_test, runs_no_more_requests_at_once_than_allowed) {
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

TEST(http_client_test, refuses_more_than_its_queue_holds) {
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

TEST(http_client_test, may_end_within_its_own_callback) {
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

TEST(http_client_test, takes_requests_from_many_threads) {
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

#include "actors/http/http_client.hpp"

#include "tests/actors/http/http_call.hpp"
#include "tests/support/http_test_server.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

namespace troupe {
namespace {

using test::call;
using test::http_test_server;
using test::patience;
using test::post;

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

} // namespace
} // namespace troupe

#include "actors/link/link_transport.hpp"

#include "tests/actors/link/mailbox.hpp"
#include "tests/actors/link/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace troupe {
namespace {

using test::mailbox;
using test::raw_peer;

link_config named(const std::string& name, const std::string& role) {
  link_config out;
  out.self.set_name(name);
  out.self.set_boot_id(name + "-boot");
  out.self.set_role(role);
  out.self.set_cluster("test");
  return out;
}

const address loopback{"127.0.0.1", 0};

/// A process that listens and answers every ListNodes with a NodeList, like a coordinator would.
struct server {
  explicit server(link_config config) : transport{std::move(config)} {
    auto bound = transport.listen(loopback, [this](link_ptr link) {
      links.put(link);
      return link_receiver{[this, link](link_batch_ptr batch) {
                             for (auto& x : batch->messages)
                               if (x.has_list_nodes())
                                 send(*link, x.id(), v1::NodeList{});
                               else
                                 messages.put(std::move(x));
                             if (hold)
                               held.put(std::move(batch));
                           },
                           [this](const error& reason) { closed.put(reason); }};
    });
    EXPECT_TRUE(bound) << bound.error().message;
    at = *bound;
  }

  ~server() {
    transport.stop();
  }

  std::atomic<bool> hold{false};
  mailbox<link_ptr> links;
  mailbox<v1::Envelope> messages;
  mailbox<link_batch_ptr> held;
  mailbox<error> closed;
  address at;
  link_transport transport;
};

struct client {
  explicit client(link_config config = named("c1", "client")) : transport{std::move(config)} {}

  ~client() {
    transport.stop();
  }

  result<link_ptr> connect(const address& to, milliseconds timeout = milliseconds{5'000}) {
    transport.connect(to, timeout, [this](result<link_ptr> x) {
      connected.put(std::move(x));
      return link_receiver{[this](link_batch_ptr batch) {
                             for (auto& message : batch->messages)
                               messages.put(std::move(message));
                           },
                           [this](const error& reason) { closed.put(reason); }};
    });
    auto out = connected.take();
    return out ? *out : fail(v1::ERROR_CODE_INTERNAL, "the handler was not called");
  }

  /// Whether the server answers a question.
  bool is_served(link_connection& link) {
    send(link, 0, v1::ListNodes{});
    auto answer = messages.take();
    return answer && answer->has_node_list();
  }

  mailbox<result<link_ptr>> connected;
  mailbox<v1::Envelope> messages;
  mailbox<error> closed;
  link_transport transport;
};

v1::Envelope task(size_t payload) {
  v1::Envelope out;
  out.mutable_task_batch()->add_tasks()->mutable_input()->set_data(std::string(payload, 'x'));
  return out;
}

TEST(link_transport, introduces_both_sides_and_carries_messages_both_ways) {
  server s(named("c", "coordinator"));
  client c(named("w", "worker"));
  auto link = c.connect(s.at);
  ASSERT_TRUE(link) << link.error().message;
  EXPECT_EQ((*link)->peer().name(), "c");
  EXPECT_EQ((*link)->peer().boot_id(), "c-boot");
  auto accepted = s.links.take();
  ASSERT_TRUE(accepted);
  EXPECT_EQ((*accepted)->peer().role(), "worker");
  EXPECT_TRUE(c.is_served(**link));
  v1::CancelBatch cancel;
  cancel.add_tasks()->set_run_id("r");
  EXPECT_EQ(send(**accepted, 0, cancel), send_status::sent);
  auto got = c.messages.take();
  ASSERT_TRUE(got && got->has_cancel_batch());
  EXPECT_EQ(got->to_boot_id(), "w-boot");
  EXPECT_GT(got->id(), 0u);
}

TEST(link_transport, carries_messages_far_larger_than_a_frame_in_order) {
  server s(named("c", "coordinator"));
  client c;
  auto link = c.connect(s.at);
  ASSERT_TRUE(link);
  for (size_t size : {size_t{10} << 20, size_t{1}, size_t{3} << 20})
    ASSERT_EQ((*link)->write(task(size).SerializeAsString()), send_status::sent);
  for (size_t size : {size_t{10} << 20, size_t{1}, size_t{3} << 20}) {
    auto got = s.messages.take();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->task_batch().tasks(0).input().data().size(), size);
  }
  EXPECT_EQ((*link)->write(std::string((size_t{64} << 20) + 1, 'x')), send_status::too_large);
}

TEST(link_transport, keeps_the_order_of_each_thread_that_writes_at_once) {
  server s(named("c", "coordinator"));
  client c;
  auto link = c.connect(s.at);
  ASSERT_TRUE(link);
  constexpr int threads = 4;
  constexpr int each = 2'000;
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t)
    writers.emplace_back([&, t] {
      for (int i = 1; i <= each; ++i) {
        v1::Heartbeat x;
        x.set_node(std::to_string(t));
        x.set_seq(static_cast<uint64_t>(i));
        send(**link, 0, x, {.more = i % 7 != 0});
      }
    });
  for (auto& x : writers)
    x.join();
  std::vector<uint64_t> last(threads);
  for (int i = 0; i < threads * each; ++i) {
    auto got = s.messages.take();
    ASSERT_TRUE(got) << "message " << i;
    auto from = static_cast<size_t>(std::stoi(got->heartbeat().node()));
    ASSERT_EQ(got->heartbeat().seq(), ++last[from]);
  }
}

TEST(link_transport, tells_both_owners_at_once_when_a_link_ends) {
  server s(named("c", "coordinator"));
  client c;
  auto link = c.connect(s.at);
  ASSERT_TRUE(link);
  send(**link, 0, v1::Ack{});
  (*link)->close({v1::ERROR_CODE_CANCELLED, "enough", false});
  EXPECT_EQ((*link)->write("x"), send_status::closed);
  ASSERT_TRUE(s.messages.take()) << "what was sent before the end arrives";
  EXPECT_EQ(s.closed.take()->code, v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_EQ(c.closed.take()->message, "enough");
}

TEST(link_transport, refuses_another_cluster_and_another_protocol_with_the_reason) {
  server s(named("c", "coordinator"));
  auto foreign = named("c1", "client");
  foreign.self.set_cluster("other");
  client c(foreign);
  auto link = c.connect(s.at);
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code, v1::ERROR_CODE_FORBIDDEN);
  EXPECT_NE(link.error().message.find("cluster"), std::string::npos) << link.error().message;

  raw_peer future(s.at);
  auto hello = raw_peer::hello("worker");
  hello.mutable_hello()->set_protocol("troupe/2");
  ASSERT_TRUE(future.say(hello));
  EXPECT_TRUE(future.hear().has_hello());
  auto refusal = future.hear();
  EXPECT_EQ(refusal.error().code(), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_TRUE(future.hears_the_end());
}

TEST(link_transport, serves_a_friend_while_others_misbehave) {
  auto config = named("c", "coordinator");
  config.handshake = milliseconds{300};
  server s(config);
  client c;
  auto link = c.connect(s.at);
  ASSERT_TRUE(link);

  std::vector<raw_peer> garbage;
  for (int i = 0; i < 20; ++i)
    garbage.emplace_back(s.at).say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  raw_peer huge(s.at);
  auto header = frame_header(0, 0xffffffff);
  huge.say(std::string_view(header.data(), header.size()));
  raw_peer silent(s.at);
  raw_peer truncated(s.at);
  auto half = frame_header(0, 1'000);
  truncated.say(std::string(half.data(), half.size()) + "half a hello");
  raw_peer no_hello(s.at);
  no_hello.say(task(10));
  raw_peer no_envelope(s.at);
  no_envelope.say(raw_peer::hello("client"));
  auto five = frame_header(0, 5);
  no_envelope.say(std::string(five.data(), five.size()) + "\xff\xff\xff\xff\xff");
  raw_peer large_hello(s.at);
  auto hello = raw_peer::hello("worker");
  hello.mutable_hello()->set_version(std::string(100'000, 'v'));
  large_hello.say(hello);

  EXPECT_TRUE(c.is_served(**link));
  for (auto& x : garbage)
    EXPECT_TRUE(x.hears_the_end());
  for (auto* x : {&huge, &silent, &truncated, &no_hello, &no_envelope, &large_hello})
    EXPECT_TRUE(x->hears_the_end());
  EXPECT_TRUE(c.is_served(**link));
}

TEST(link_transport, lets_a_friend_in_past_a_crowd_of_silent_strangers) {
  auto config = named("c", "coordinator");
  config.max_strangers = 8;
  server s(config);
  std::vector<raw_peer> crowd;
  for (int i = 0; i < 100; ++i)
    crowd.emplace_back(s.at);
  client c;
  auto link = c.connect(s.at);
  ASSERT_TRUE(link) << link.error().message;
  EXPECT_TRUE(c.is_served(**link));
  EXPECT_TRUE(crowd.front().hears_the_end()) << "the oldest stranger is dropped first";
}

TEST(link_transport, holds_at_most_so_many_connections_and_says_so) {
  auto config = named("c", "coordinator");
  config.max_connections = 1;
  server s(config);
  client first;
  auto link = first.connect(s.at);
  ASSERT_TRUE(link);
  ASSERT_TRUE(first.is_served(**link));
  raw_peer second(s.at);
  second.say(raw_peer::hello("client"));
  EXPECT_TRUE(second.hear().has_hello());
  EXPECT_EQ(second.hear().error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  (*link)->close({v1::ERROR_CODE_CANCELLED, "done", false});
  ASSERT_TRUE(s.closed.take());
  client third;
  auto again = third.connect(s.at);
  ASSERT_TRUE(again);
  EXPECT_TRUE(third.is_served(**again)) << "a place that became free is given again";
}

TEST(link_transport, gives_up_on_an_address_that_refuses_or_never_answers) {
  client c;
  address unused;
  {
    server s(named("c", "coordinator"));
    unused = s.at;
  }
  auto refused = c.connect(unused);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, v1::ERROR_CODE_UNAVAILABLE);

  // A listener that accepts (in the kernel) and says nothing.
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  socklen_t size = sizeof(at);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  auto mute = c.connect({"127.0.0.1", ntohs(at.sin_port)}, milliseconds{100});
  ASSERT_FALSE(mute);
  EXPECT_EQ(mute.error().code, v1::ERROR_CODE_TIMED_OUT);
  ::close(fd);
}

TEST(link_transport, uses_no_address_but_loopback_without_tls_unless_told_to) {
  link_transport careful(named("c", "coordinator"));
  auto handler = [](link_ptr) { return link_receiver{}; };
  auto bound = careful.listen({"0.0.0.0", 0}, handler);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, v1::ERROR_CODE_FORBIDDEN);
  EXPECT_NE(bound.error().message.find("insecure_network"), std::string::npos);
  client c;
  auto link = c.connect({"192.0.2.1", 7400}); // TEST-NET-1, RFC 5737
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code, v1::ERROR_CODE_FORBIDDEN);

  auto config = named("c", "coordinator");
  config.insecure_network = true;
  link_transport careless(config);
  EXPECT_TRUE(careless.listen({"0.0.0.0", 0}, handler));
}

TEST(link_transport, stops_reading_from_a_peer_whose_messages_nobody_deals_with) {
  auto config = named("c", "coordinator");
  config.read_window = 1 << 20;
  server s(config);
  s.hold = true;
  auto impatient = named("c1", "client");
  impatient.write_bound = size_t{64} << 20;
  client c(impatient);
  auto link = c.connect(s.at);
  ASSERT_TRUE(link);
  auto bytes = task(200'000).SerializeAsString();
  auto status = send_status::sent;
  int sent = 0;
  // Kernel buffers take some megabytes, the link's own queue its bound; then the writer is told.
  for (; sent < 1'000 && status == send_status::sent; ++sent)
    status = (*link)->write(bytes);
  EXPECT_EQ(status, send_status::full);
  s.hold = false;
  while (s.held.take(milliseconds{50}))
    continue;
  for (int i = 1; i < sent; ++i)
    ASSERT_TRUE(s.messages.take()) << "message " << i << " of " << sent;
}

TEST(link_transport, fails_what_is_pending_when_it_stops) {
  server s(named("c", "coordinator"));
  auto c = std::make_unique<client>();
  auto link = c->connect(s.at);
  ASSERT_TRUE(link);
  c->transport.after(std::chrono::hours{1}, [] { FAIL() << "an hour has not passed"; });
  c->transport.stop();
  EXPECT_EQ(c->closed.take()->code, v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_EQ((*link)->write("x"), send_status::closed);
  auto late = c->connect(s.at);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, v1::ERROR_CODE_UNAVAILABLE);
  c.reset();
  EXPECT_EQ((*link)->write("x"), send_status::closed) << "a link outlives its transport";
}

TEST(link_config, is_checked_before_use) {
  EXPECT_TRUE(validate(named("c", "coordinator")));
  EXPECT_FALSE(validate(link_config{}));
  auto x = named("c", "coordinator");
  x.frames.piece = 0;
  EXPECT_FALSE(validate(x));
}

TEST(link_transport, drops_those_who_make_it_hold_the_most_and_no_others) {
  auto config = named("c", "coordinator");
  config.frames.max_message = size_t{8} << 20;
  config.write_bound = size_t{8} << 20;
  config.memory_bound = size_t{16} << 20;
  server s(config);
  client c(named("w", "worker"));
  auto link = c.connect(s.at);
  ASSERT_TRUE(link) << link.error().message;
  std::vector<raw_peer> intruders;
  const std::string piece(size_t{256} << 10, 'x');
  const auto head = frame_header(frame_part, static_cast<uint32_t>(piece.size()));
  for (int i = 0; i < 6; ++i) {
    auto& x = intruders.emplace_back(s.at);
    ASSERT_TRUE(x.connected());
    ASSERT_TRUE(x.say(raw_peer::hello("client", "x" + std::to_string(i))));
    // Seven of eight megabytes of a message that is never complete.
    for (int part = 0; part < 28; ++part)
      if (!x.say({head.data(), head.size()}) || !x.say(piece))
        break;
  }
  for (int i = 0; i < 4; ++i) {
    auto reason = s.closed.take();
    ASSERT_TRUE(reason);
    EXPECT_EQ(reason->code, v1::ERROR_CODE_RESOURCE_EXHAUSTED) << reason->message;
  }
  EXPECT_TRUE(c.is_served(**link));
}

} // namespace
} // namespace troupe

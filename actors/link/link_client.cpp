#include "actors/link/link_client.hpp"

#include "runtime/core/own_pause.hpp"
#include "runtime/core/tick_alarm.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

namespace {

using time_point = std::chrono::steady_clock::time_point;

error lost(std::string why) {
  return {v1::ERROR_CODE_UNAVAILABLE, std::move(why), true};
}

error from_wire(const v1::Error& x) {
  return {x.code(), x.message(), x.retryable()};
}

} // namespace

std::string make_boot_id() {
  std::random_device device;
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 4; ++i)
    for (auto [word, n] = std::pair{device(), 0}; n < 8; ++n, word >>= 4)
      out += digits[word & 15];
  return out;
}

struct link_client::impl : std::enable_shared_from_this<impl> {
  struct pending {
    milliseconds timeout{};
    time_point due{};
    answer_handler then{};
    /// Of a stream, which goes on after its first answer.
    stream_handlers stream{};
    bool started = false;

    void fail(error why) {
      if (stream.on_end)
        stream.on_end(tl::unexpected<error>{std::move(why)});
      else if (then)
        then(tl::unexpected<error>{std::move(why)});
    }
  };

  explicit impl(link_config config, size_t bound) : most_pending{bound}, transport{std::move(config)} {}

  uint64_t ask(v1::Envelope question, milliseconds timeout, pending entry);
  void take(v1::Envelope& message);
  void take_next(v1::Envelope& message);
  void fail_all(const error& why);
  void sweep(uint64_t number);
  /// With the mutex held: makes sure that somebody looks when `due` has come.
  void sweep_at(time_point due);

  const size_t most_pending;
  mutable std::mutex mutex;
  std::unordered_map<uint64_t, pending> waiting;
  tick_alarm sweeps;
  link_ptr link;
  std::atomic<bool> open{false};
  error why_closed = lost("not connected");
  /// Last: its thread ends before what it uses.
  link_transport transport;
};

uint64_t link_client::impl::ask(v1::Envelope question, milliseconds timeout, pending entry) {
  entry.timeout = timeout;
  entry.due = std::chrono::steady_clock::now() + timeout;
  question.set_id(link->next_id());
  question.set_to_boot_id(link->peer().boot_id());
  question.set_timeout_ms(static_cast<uint32_t>(std::clamp<int64_t>(timeout.count(), 1, UINT32_MAX)));
  auto id = question.id();
  std::unique_lock guard{mutex};
  if (!open || waiting.size() >= most_pending) {
    auto why = open ? error{v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                            std::to_string(most_pending) + " requests wait for an answer already", true}
                    : why_closed;
    guard.unlock();
    entry.fail(std::move(why));
    return id;
  }
  sweep_at(entry.due);
  waiting.emplace(id, std::move(entry));
  guard.unlock();
  auto status = link->write(question.SerializeAsString());
  if (status == send_status::sent)
    return id;
  guard.lock();
  auto node = waiting.extract(id);
  guard.unlock();
  if (node.empty())
    return id; // the end of the link has answered already
  if (status == send_status::closed)
    node.mapped().fail(lost("the connection to the coordinator is lost"));
  else if (status == send_status::too_large)
    node.mapped().fail({v1::ERROR_CODE_INVALID_INPUT, "the request is larger than a message may be", false});
  else
    node.mapped().fail({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the coordinator does not read fast enough", true});
  return id;
}

void link_client::impl::take(v1::Envelope& message) {
  if (message.has_run_update() || message.has_workspace_update())
    return take_next(message);
  std::unique_lock guard{mutex};
  auto i = waiting.find(message.correlation());
  if (i == waiting.end())
    return; // answered by its deadline
  if (i->second.stream.on_end && !message.has_error()) {
    i->second.started = true;
    return;
  }
  auto entry = std::move(i->second);
  waiting.erase(i);
  guard.unlock();
  if (message.has_error())
    entry.fail(from_wire(message.error()));
  else if (entry.then)
    entry.then(std::move(message));
}

void link_client::impl::take_next(v1::Envelope& message) {
  std::unique_lock guard{mutex};
  auto i = waiting.find(message.correlation());
  if (i == waiting.end() || !i->second.stream.on_end)
    return;
  i->second.started = true;
  auto handlers = i->second.stream;
  bool is_last = message.run_update().has_run_finished() || message.workspace_update().has_ended();
  if (is_last)
    waiting.erase(i);
  guard.unlock();
  if (handlers.on_message)
    handlers.on_message(std::move(message));
  if (is_last)
    handlers.on_end({});
}

void link_client::impl::fail_all(const error& why) {
  std::unordered_map<uint64_t, pending> failed;
  {
    std::lock_guard guard{mutex};
    open = false;
    why_closed = why;
    failed.swap(waiting);
  }
  for (auto& [id, entry] : failed)
    entry.fail(why);
}

void link_client::impl::sweep_at(time_point due) {
  auto number = sweeps.arm(due.time_since_epoch().count());
  if (!number)
    return;
  auto delay = std::chrono::ceil<milliseconds>(due - std::chrono::steady_clock::now());
  transport.after(std::clamp(delay, milliseconds{0}, milliseconds{tick_alarm::longest}),
                  [weak = weak_from_this(), number = *number] {
                    if (auto self = weak.lock())
                      self->sweep(number);
                  });
}

void link_client::impl::sweep(uint64_t number) {
  std::vector<pending> late;
  {
    std::lock_guard guard{mutex};
    if (!sweeps.rings(number))
      return;
    auto now = std::chrono::steady_clock::now();
    auto next = time_point::max();
    for (auto i = waiting.begin(); i != waiting.end();) {
      i->second.due = without_own_pause(i->second.due, now);
      if (i->second.started || i->second.due > now) {
        if (!i->second.started)
          next = std::min(next, i->second.due);
        ++i;
        continue;
      }
      late.push_back(std::move(i->second));
      i = waiting.erase(i);
    }
    if (next != time_point::max())
      sweep_at(next);
  }
  for (auto& entry : late)
    entry.fail({v1::ERROR_CODE_TIMED_OUT, "no answer within " + std::to_string(entry.timeout.count()) + " ms", true});
}

link_client::link_client(std::shared_ptr<impl> x) : impl_{std::move(x)} {}

link_client::~link_client() {
  impl_->transport.stop();
  impl_->fail_all(lost("the client stops"));
}

result<std::unique_ptr<link_client>> link_client::connect(const std::string& to, link_client_options options) {
  auto target = parse_address(to);
  if (!target)
    return tl::unexpected<error>{target.error()};
  link_config config;
  config.self.set_name(options.name);
  config.self.set_boot_id(make_boot_id());
  config.self.set_role("client");
  config.self.set_cluster(options.cluster);
  config.insecure_network = options.insecure_network;
  if (auto ok = validate(config); !ok)
    return tl::unexpected<error>{ok.error()};
  auto x = std::make_shared<impl>(std::move(config), options.most_pending);
  std::unique_ptr<link_client> out{new link_client(x)};
  auto outcome = std::make_shared<std::promise<result<void>>>();
  auto done = outcome->get_future();
  x->transport.connect(*target, options.connect_timeout,
                       [weak = x->weak_from_this(), outcome](result<link_ptr> link) -> link_receiver {
                         auto self = weak.lock();
                         if (!link || !self) {
                           outcome->set_value(link ? fail(v1::ERROR_CODE_CANCELLED, "the client stops")
                                                   : tl::unexpected<error>{link.error()});
                           return {};
                         }
                         self->link = *link;
                         self->open = true;
                         outcome->set_value({});
                         return {[weak](link_batch_ptr batch) {
                                   if (auto owner = weak.lock())
                                     for (auto& message : batch->messages)
                                       owner->take(message);
                                 },
                                 [weak](const error& reason) {
                                   if (auto owner = weak.lock())
                                     owner->fail_all(lost(reason.message));
                                 }};
                       });
  if (auto ok = done.get(); !ok)
    return tl::unexpected<error>{ok.error()};
  return out;
}

void link_client::request(v1::Envelope question, milliseconds timeout, answer_handler then) {
  impl_->ask(std::move(question), timeout, {.then = std::move(then)});
}

link_client::answer link_client::ask(v1::Envelope question, milliseconds timeout) {
  auto outcome = std::make_shared<std::promise<answer>>();
  auto done = outcome->get_future();
  request(std::move(question), timeout, [outcome](answer x) { outcome->set_value(std::move(x)); });
  return done.get();
}

uint64_t link_client::follow(v1::Envelope question, milliseconds timeout, stream_handlers handlers) {
  if (!handlers.on_end)
    handlers.on_end = [](const result<void>&) {};
  return impl_->ask(std::move(question), timeout, {.stream = std::move(handlers)});
}

void link_client::watch(const std::string& run_id, milliseconds timeout, watch_handlers handlers) {
  v1::Envelope question;
  question.mutable_watch_run()->set_run_id(run_id);
  stream_handlers stream;
  stream.on_end = std::move(handlers.on_end);
  if (handlers.on_update)
    stream.on_message = [then = std::move(handlers.on_update)](v1::Envelope x) {
      then(std::move(*x.mutable_run_update()));
    };
  follow(std::move(question), timeout, std::move(stream));
}

void link_client::forget(uint64_t question) {
  std::unique_lock guard{impl_->mutex};
  // Its handlers may be the last to hold what they use: they go without the lock.
  auto gone = impl_->waiting.extract(question);
  guard.unlock();
}

void link_client::tell(v1::Envelope note) {
  if (!impl_->open)
    return;
  note.set_id(impl_->link->next_id());
  note.set_to_boot_id(impl_->link->peer().boot_id());
  (void)impl_->link->write(note.SerializeAsString());
}

bool link_client::is_connected() const {
  return impl_->open;
}

const v1::Hello& link_client::peer() const {
  return impl_->link->peer();
}

} // namespace troupe

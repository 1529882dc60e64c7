#include "actors/http/http_client.hpp"

#include "actors/http/http_transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace troupe {

namespace {

/// The I/O thread looks up at least this often; everything that matters wakes it.
constexpr milliseconds longest_poll{10'000};

void init_libcurl() {
  static auto ok = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ok != CURLE_OK)
    throw std::runtime_error("libcurl cannot be initialised");
}

} // namespace

/// Shared by the client and its thread, so that the last callback may end the client.
struct http_client::impl {
  using transfer_ptr = std::unique_ptr<http_transfer>;

  explicit impl(http_client_config cfg) : config{std::move(cfg)} {
    init_libcurl();
    multi = curl_multi_init();
    if (!multi)
      throw std::runtime_error("libcurl has no multi handle to give");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(config.max_idle_connections));
  }

  ~impl() {
    curl_multi_cleanup(multi);
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  void loop();
  bool take_orders();
  void start_waiting();
  void start(transfer_ptr transfer);
  void expire_waiting();
  void collect_finished();
  void drop(uint64_t id, const error& why);
  void drop_all();
  milliseconds next_look() const;

  http_client_config config;
  CURLM* multi = nullptr;
  std::thread thread;
  std::atomic<uint64_t> last_id{0};
  /// Submitted and not done.
  std::atomic<size_t> open{0};

  std::mutex mutex;
  /// Guarded by `mutex`: orders from other threads.
  std::vector<transfer_ptr> submitted;
  std::vector<uint64_t> cancelled;
  bool stopping = false;

  /// Owned by the I/O thread.
  std::deque<transfer_ptr> waiting;
  std::map<uint64_t, std::pair<CURL*, transfer_ptr>> running;
};

http_client::http_client(http_client_config config) : impl_{std::make_shared<impl>(std::move(config))} {
  impl_->thread = std::thread{[shared = impl_] { shared->loop(); }};
}

http_client::~http_client() {
  {
    std::lock_guard guard{impl_->mutex};
    impl_->stopping = true;
  }
  curl_multi_wakeup(impl_->multi);
  if (impl_->thread.get_id() == std::this_thread::get_id())
    impl_->thread.detach();
  else
    impl_->thread.join();
}

uint64_t http_client::submit(http_request request, http_callbacks callbacks) {
  auto id = ++impl_->last_id;
  auto bound = impl_->config.max_concurrent + impl_->config.max_queued;
  if (impl_->open.fetch_add(1) >= bound) {
    --impl_->open;
    callbacks.on_done(fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                           "more than " + std::to_string(bound) + " HTTP requests wait on this node", true));
    return id;
  }
  auto transfer = std::make_unique<http_transfer>(id, std::move(request), std::move(callbacks));
  {
    std::lock_guard guard{impl_->mutex};
    impl_->submitted.push_back(std::move(transfer));
  }
  curl_multi_wakeup(impl_->multi);
  return id;
}

void http_client::cancel(uint64_t id) {
  {
    std::lock_guard guard{impl_->mutex};
    impl_->cancelled.push_back(id);
  }
  curl_multi_wakeup(impl_->multi);
}

void http_client::impl::loop() {
  while (take_orders()) {
    expire_waiting();
    start_waiting();
    int still_running = 0;
    curl_multi_perform(multi, &still_running);
    collect_finished();
    // A transfer that ended has made room.
    if (!waiting.empty() && running.size() < config.max_concurrent)
      continue;
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(next_look().count()), nullptr);
  }
  drop_all();
}

/// False when the client ends.
bool http_client::impl::take_orders() {
  std::vector<transfer_ptr> more;
  std::vector<uint64_t> fewer;
  bool go_on = true;
  {
    std::lock_guard guard{mutex};
    more.swap(submitted);
    fewer.swap(cancelled);
    go_on = !stopping;
  }
  for (auto& transfer : more)
    waiting.push_back(std::move(transfer));
  for (auto id : fewer)
    drop(id, {v1::ERROR_CODE_CANCELLED, "the request was cancelled", false});
  return go_on;
}

void http_client::impl::start_waiting() {
  while (!waiting.empty() && running.size() < config.max_concurrent) {
    auto transfer = std::move(waiting.front());
    waiting.pop_front();
    start(std::move(transfer));
  }
}

void http_client::impl::start(transfer_ptr transfer) {
  auto easy = transfer->prepare(config);
  if (easy && curl_multi_add_handle(multi, *easy) != CURLM_OK)
    easy = fail(v1::ERROR_CODE_INTERNAL, "libcurl does not take the request");
  if (!easy) {
    --open;
    transfer->fail(easy.error().code, easy.error().message, false);
    return;
  }
  auto id = transfer->id();
  running.emplace(id, std::pair{*easy, std::move(transfer)});
}

void http_client::impl::expire_waiting() {
  auto now = std::chrono::steady_clock::now();
  std::vector<transfer_ptr> expired;
  std::erase_if(waiting, [&](transfer_ptr& transfer) {
    if (transfer->deadline() > now)
      return false;
    expired.push_back(std::move(transfer));
    return true;
  });
  for (auto& transfer : expired) {
    --open;
    auto why = transfer->timeout_error();
    transfer->fail(why.code, why.message + "; it waited all the time for a free connection", why.retryable);
  }
}

void http_client::impl::collect_finished() {
  int left = 0;
  while (auto* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE)
      continue;
    auto code = message->data.result;
    char* self = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    curl_multi_remove_handle(multi, message->easy_handle);
    auto done = running.extract(reinterpret_cast<http_transfer*>(self)->id());
    --open;
    done.mapped().second->finish(code);
  }
}

void http_client::impl::drop(uint64_t id, const error& why) {
  transfer_ptr dropped;
  if (auto found = running.extract(id)) {
    curl_multi_remove_handle(multi, found.mapped().first);
    dropped = std::move(found.mapped().second);
  } else {
    auto i = std::find_if(waiting.begin(), waiting.end(), [id](auto& x) { return x->id() == id; });
    if (i == waiting.end())
      return;
    dropped = std::move(*i);
    waiting.erase(i);
  }
  --open;
  dropped->fail(why.code, why.message, why.retryable);
}

void http_client::impl::drop_all() {
  const error why{v1::ERROR_CODE_UNAVAILABLE, "the node is stopping", true};
  while (!running.empty())
    drop(running.begin()->first, why);
  while (!waiting.empty())
    drop(waiting.front()->id(), why);
}

milliseconds http_client::impl::next_look() const {
  auto out = longest_poll;
  auto now = std::chrono::steady_clock::now();
  for (auto& transfer : waiting)
    out = std::clamp(std::chrono::ceil<milliseconds>(transfer->deadline() - now), milliseconds{0}, out);
  return out;
}

} // namespace troupe

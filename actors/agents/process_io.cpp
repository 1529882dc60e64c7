#include "actors/agents/process_io.hpp"

#include "actors/agents/child_process.hpp"
#include "actors/agents/input_queue.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/agents/process/line_limiter.hpp"
#include "runtime/agents/process/line_splitter.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe {

namespace {

constexpr size_t chunk_bytes = size_t{64} << 10;
/// What a child may have left in its pipe when it ended; the largest pipe that Linux gives to a plain user.
constexpr size_t max_rest_bytes = size_t{1} << 20;
constexpr size_t max_error_line = 4'096;
constexpr size_t max_last_words = 200;
constexpr uint32_t error_lines_per_second = 100;
/// A process that ends closes its pipes first: only one that goes on living for so long is broken.
constexpr int64_t broken_after_ms = 200;
/// Beyond the grace time, for processes that even SIGKILL does not end at once (waiting for a disk).
constexpr int64_t last_wait_ms = 2'000;

enum class pipe_end : uint64_t { in, out, err, pid };

int64_t now_ms() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

void close_fd(int& fd) {
  if (fd >= 0)
    close(fd);
  fd = -1;
}

std::string describe(int status) {
  if (WIFSIGNALED(status))
    return "signal " + std::to_string(WTERMSIG(status));
  return "status " + std::to_string(WEXITSTATUS(status));
}

class process_io final : public process_port {
public:
  process_io() : epoll_{epoll_create1(EPOLL_CLOEXEC)}, wake_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = 0;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
    thread_ = std::thread{[this] { run(); }};
  }

  process_io(const process_io&) = delete;
  process_io& operator=(const process_io&) = delete;

  ~process_io() override {
    post([this] { stop(); });
    thread_.join();
    close(epoll_);
    close(wake_);
  }

  uint64_t start(process_command command, events on_event, error_lines on_error_line) override {
    auto id = ++last_id_;
    post([this, id, command = std::move(command), on_event = std::move(on_event),
          on_error_line = std::move(on_error_line)]() mutable {
      begin(id, std::move(command), std::move(on_event), std::move(on_error_line));
    });
    return id;
  }

  void write(uint64_t id, std::string bytes) override {
    post([this, id, bytes = std::move(bytes)]() mutable {
      if (auto* c = find(id); c && c->process.in >= 0) {
        c->to_write.push(std::move(bytes));
        write_some(id, *c);
        if (c->to_write.is_too_long())
          give_up_input(*c, "does not read its input");
      }
    });
  }

  void read_on(uint64_t id) override {
    post([this, id] {
      if (auto* c = find(id); c && c->process.out >= 0)
        watch(id, pipe_end::out, c->process.out, EPOLLIN);
    });
  }

  void terminate(uint64_t id) override {
    post([this, id] {
      if (auto* c = find(id))
        ask_to_end(*c);
    });
  }

private:
  struct child {
    explicit child(size_t most_unread) : to_write{most_unread} {}

    child_process process;
    events on_event;
    error_lines on_error_line;
    milliseconds grace{0};
    input_queue to_write;
    bool in_watched = false;
    line_splitter error_text{max_error_line};
    line_limiter limiter{error_lines_per_second};
    /// The last line of it that is not empty.
    std::string last_words;
    /// 0 = not asked to end.
    int64_t kill_at = 0;
    /// 0 = has its pipes.
    int64_t broken_at = 0;
    std::string broken_what;
  };

  template <class F>
  void post(F&& what) {
    {
      std::lock_guard guard{mutex_};
      posted_.emplace_back(std::forward<F>(what));
    }
    uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(wake_, &one, sizeof one);
  }

  child* find(uint64_t id) {
    auto i = children_.find(id);
    return i == children_.end() ? nullptr : i->second.get();
  }

  // --- the loop ---

  void run() {
    // Signals are for the main thread; and a pipe without reader is an error code here, not a signal.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::array<epoll_event, 64> ready;
    while (!(stopping_ && (children_.empty() || now_ms() >= stop_deadline_))) {
      auto n = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), wait_ms());
      for (int i = 0; i < n; ++i)
        handle(ready[static_cast<size_t>(i)]);
      check_times();
    }
  }

  void handle(const epoll_event& event) {
    if (event.data.u64 == 0)
      return run_posted();
    auto id = event.data.u64 >> 2;
    auto* c = find(id);
    // It ended earlier in this round.
    if (!c)
      return;
    switch (static_cast<pipe_end>(event.data.u64 & 3)) {
    case pipe_end::in:
      return write_some(id, *c);
    case pipe_end::out:
      return read_output(id, *c);
    case pipe_end::err:
      return read_errors(*c);
    case pipe_end::pid:
      return end(id, *c);
    }
  }

  void run_posted() {
    uint64_t count = 0;
    [[maybe_unused]] auto n = read(wake_, &count, sizeof count);
    std::vector<std::function<void()>> todo;
    {
      std::lock_guard guard{mutex_};
      todo.swap(posted_);
    }
    for (auto& what : todo)
      what();
  }

  int wait_ms() const {
    auto next = stopping_ ? stop_deadline_ : INT64_MAX;
    for (auto& entry : children_) {
      if (entry.second->kill_at > 0)
        next = std::min(next, entry.second->kill_at);
      if (entry.second->broken_at > 0)
        next = std::min(next, entry.second->broken_at);
    }
    if (next == INT64_MAX)
      return -1;
    return static_cast<int>(std::clamp<int64_t>(next - now_ms(), 0, 60'000));
  }

  void check_times() {
    auto now = now_ms();
    for (auto& entry : children_) {
      auto& c = *entry.second;
      if (c.kill_at > 0 && now >= c.kill_at) {
        kill(-c.process.pid, SIGKILL);
        // Once is enough, but the wait for its end must not spin.
        c.kill_at = 0;
      }
      if (c.broken_at > 0 && now >= c.broken_at) {
        c.broken_at = 0;
        c.on_event(process_event::broken{c.broken_what});
      }
    }
  }

  void stop() {
    stopping_ = true;
    stop_deadline_ = now_ms() + last_wait_ms;
    for (auto& entry : children_) {
      ask_to_end(*entry.second);
      stop_deadline_ = std::max(stop_deadline_, entry.second->kill_at + last_wait_ms);
    }
  }

  // --- children ---

  void begin(uint64_t id, process_command command, events on_event, error_lines on_error_line) {
    if (stopping_)
      return on_event(process_event::failed{"the node stops"});
    auto started = start_child_process(command);
    if (!started)
      return on_event(process_event::failed{started.error().message});
    auto c = std::make_unique<child>(command.most_unread);
    c->process = *started;
    c->on_event = std::move(on_event);
    c->on_error_line = std::move(on_error_line);
    c->grace = command.grace;
    watch(id, pipe_end::out, c->process.out, EPOLLIN);
    watch(id, pipe_end::err, c->process.err, EPOLLIN);
    watch(id, pipe_end::pid, c->process.pidfd, EPOLLIN);
    auto& entry = *children_.emplace(id, std::move(c)).first->second;
    entry.on_event(process_event::started{});
  }

  void watch(uint64_t id, pipe_end which, int fd, uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.u64 = id << 2 | static_cast<uint64_t>(which);
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void unwatch(int fd) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  }

  void drop_pipe(int& fd) {
    unwatch(fd);
    close_fd(fd);
  }

  void lost_pipe(child& c, int& fd, const char* what) {
    drop_pipe(fd);
    if (c.broken_at == 0) {
      c.broken_at = now_ms() + broken_after_ms;
      c.broken_what = what;
    }
  }

  void give_up_input(child& c, const char* why) {
    c.to_write.clear();
    lost_pipe(c, c.process.in, why);
  }

  void write_some(uint64_t id, child& c) {
    while (!c.to_write.empty()) {
      auto text = c.to_write.next();
      auto n = ::write(c.process.in, text.data(), text.size());
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN) {
        if (!std::exchange(c.in_watched, true))
          watch(id, pipe_end::in, c.process.in, EPOLLOUT);
        return;
      }
      if (n < 0)
        return give_up_input(c, "closed its input");
      c.to_write.advance(static_cast<size_t>(n));
    }
    if (std::exchange(c.in_watched, false))
      unwatch(c.process.in);
  }

  void read_output(uint64_t, child& c) {
    std::string bytes(chunk_bytes, '\0');
    auto n = read(c.process.out, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.resize(static_cast<size_t>(n));
      // Until the reader asks for more: what nobody takes in stays in the pipe, and holds the writer.
      unwatch(c.process.out);
      c.on_event(process_event::output{std::move(bytes)});
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      lost_pipe(c, c.process.out, "closed its output");
    }
  }

  void read_errors(child& c) {
    std::array<char, 16'384> bytes;
    auto n = read(c.process.err, bytes.data(), bytes.size());
    if (n > 0)
      log_errors(c, {bytes.data(), static_cast<size_t>(n)});
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
      drop_pipe(c.process.err);
  }

  void log_errors(child& c, std::string_view bytes) {
    auto pass = [&](std::string_view line) {
      if (line.find_first_not_of(" \t\r") != std::string_view::npos)
        c.last_words = clean_text(line, max_last_words);
      if (!c.limiter.allow(now_ms()))
        return;
      if (auto n = c.limiter.take_suppressed())
        c.on_error_line("(" + std::to_string(n) + " lines left out)");
      c.on_error_line(clean_text(line, max_error_line));
    };
    c.error_text.feed(bytes, pass, [&] { pass("(a line that is too long left out)"); });
  }

  void ask_to_end(child& c) {
    if (c.kill_at > 0)
      return;
    kill(-c.process.pid, SIGTERM);
    c.kill_at = now_ms() + c.grace.count();
  }

  /// The leader has ended: so does the rest of its group. It is reaped only then, so that its number means this group.
  void end(uint64_t id, child& c) {
    kill(-c.process.pid, SIGKILL);
    std::string rest;
    while (c.process.out >= 0 && rest.size() < max_rest_bytes) {
      auto had = rest.size();
      rest.resize(had + chunk_bytes);
      auto n = read(c.process.out, rest.data() + had, chunk_bytes);
      rest.resize(had + static_cast<size_t>(std::max<ssize_t>(n, 0)));
      if (n <= 0 && !(n < 0 && errno == EINTR))
        break;
    }
    if (c.process.err >= 0) {
      read_errors(c);
      if (auto last = c.error_text.take_rest(); !last.empty())
        log_errors(c, last + "\n");
    }
    int status = 0;
    waitpid(c.process.pid, &status, 0);
    auto gone = std::move(children_.at(id));
    children_.erase(id);
    close_fd(gone->process.in);
    close_fd(gone->process.out);
    close_fd(gone->process.err);
    close_fd(gone->process.pidfd);
    if (!rest.empty())
      gone->on_event(process_event::output{std::move(rest)});
    auto how = describe(status);
    if (!gone->last_words.empty())
      how += "; it said last: " + gone->last_words;
    gone->on_event(process_event::exited{std::move(how)});
  }

  int epoll_;
  int wake_;
  std::atomic<uint64_t> last_id_{0};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  // The rest belongs to the thread.
  std::unordered_map<uint64_t, std::unique_ptr<child>> children_;
  bool stopping_ = false;
  int64_t stop_deadline_ = 0;
  std::thread thread_;
};

} // namespace

std::shared_ptr<process_port> make_process_io() {
  return std::make_shared<process_io>();
}

} // namespace troupe

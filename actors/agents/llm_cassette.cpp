#include "actors/agents/llm_cassette.hpp"

#include "actors/agents/http_services.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

constexpr size_t max_cassette_file = size_t{64} << 20;

void play(const cassette_entry& entry, bool stream, const http_callbacks& callbacks) {
  http_response response;
  response.status = entry.status;
  response.headers.push_back({"Content-Type", entry.content_type});
  if (stream && callbacks.on_body) {
    if (callbacks.on_head)
      callbacks.on_head(response);
    for (auto& chunk : entry.chunks)
      callbacks.on_body(chunk);
  } else {
    for (auto& chunk : entry.chunks)
      response.body += chunk;
  }
  callbacks.on_done(std::move(response));
}

class llm_player final : public http_transport {
public:
  explicit llm_player(std::shared_ptr<llm_tape> tape) : tape_{std::move(tape)} {}

  uint64_t submit(http_request request, http_callbacks callbacks) override {
    auto canonical = canonical_request(request);
    if (!canonical) {
      callbacks.on_done(tl::unexpected<error>(canonical.error()));
      return 0;
    }
    auto key = cassette_key(*canonical);
    if (auto entry = tape_->take(key))
      play(*entry, request.stream, callbacks);
    else
      callbacks.on_done(fail(v1::ERROR_CODE_NOT_FOUND, "cassette " + tape_->file() + " has no answer for request " + key
                                                           + "; record it with cassette mode record or auto"));
    return 0;
  }

  void cancel(uint64_t) override {
    // Everything is over within `submit`.
  }

private:
  std::shared_ptr<llm_tape> tape_;
};

/// An exchange that is being written down. Used by one thread at a time, as the callbacks are.
struct recording {
  cassette_entry entry;
  std::string body;
};

class llm_recorder final : public http_transport {
public:
  llm_recorder(std::shared_ptr<llm_tape> tape, std::shared_ptr<http_transport> next, std::string secret,
               bool play_first, std::shared_ptr<spdlog::logger> log)
      : tape_{std::move(tape)}, next_{std::move(next)}, secret_{std::move(secret)},
        play_first_{play_first}, log_{std::move(log)} {}

  uint64_t submit(http_request request, http_callbacks callbacks) override {
    auto canonical = canonical_request(request);
    if (!canonical)
      return next_->submit(std::move(request), std::move(callbacks));
    auto recorded = std::make_shared<recording>();
    recorded->entry.key = cassette_key(*canonical);
    recorded->entry.request = std::move(*canonical);
    if (play_first_)
      if (auto entry = tape_->take(recorded->entry.key)) {
        play(*entry, request.stream, callbacks);
        return 0;
      }
    http_callbacks listening;
    listening.on_head = [recorded, on_head = std::move(callbacks.on_head)](const http_response& head) {
      recorded->entry.content_type = media_type(head.headers);
      if (on_head)
        on_head(head);
    };
    if (callbacks.on_body)
      listening.on_body = [recorded, on_body = std::move(callbacks.on_body)](std::string_view bytes) {
        recorded->body += bytes;
        on_body(bytes);
      };
    listening.on_done = [recorded, tape = tape_, secret = secret_, log = log_,
                         on_done = std::move(callbacks.on_done)](result<http_response> done) {
      if (done && done->status >= 200 && done->status < 300)
        write(*recorded, *done, *tape, secret, log.get());
      on_done(std::move(done));
    };
    return next_->submit(std::move(request), std::move(listening));
  }

  void cancel(uint64_t id) override {
    if (id != 0)
      next_->cancel(id);
  }

private:
  static void write(recording& x, const http_response& done, llm_tape& tape, const std::string& secret,
                    spdlog::logger* log) {
    x.entry.status = done.status;
    if (x.entry.content_type.empty())
      x.entry.content_type = media_type(done.headers);
    x.entry.chunks = split_events(x.body.empty() ? done.body : x.body);
    if (auto ok = tape.append(x.entry, secret); !ok && log)
      log->warn("cassette keeps no answer for request {}: {}", x.entry.key, ok.error().message);
  }

  std::shared_ptr<llm_tape> tape_;
  std::shared_ptr<http_transport> next_;
  std::string secret_;
  bool play_first_;
  std::shared_ptr<spdlog::logger> log_;
};

} // namespace

result<std::shared_ptr<llm_tape>> llm_tape::open(const std::string& file, bool for_recording) {
  cassette recorded;
  auto text = read_small_file(file, max_cassette_file);
  if (text) {
    auto parsed = cassette::parse(*text, file);
    if (!parsed)
      return tl::unexpected<error>(parsed.error());
    recorded = std::move(*parsed);
  } else if (!for_recording || text.error().code != v1::ERROR_CODE_NOT_FOUND) {
    return fail(text.error().code,
                "cassette " + text.error().message + "; record it with cassette mode record or auto");
  }
  int fd = -1;
  if (for_recording) {
    fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
      return fail(v1::ERROR_CODE_INVALID_INPUT, "cassette " + file + " cannot be written: " + std::strerror(errno));
  }
  return std::shared_ptr<llm_tape>{new llm_tape{file, std::move(recorded), fd}};
}

llm_tape::llm_tape(std::string file, cassette recorded, int fd)
    : file_{std::move(file)}, recorded_{std::move(recorded)}, fd_{fd} {}

llm_tape::~llm_tape() {
  if (fd_ >= 0)
    ::close(fd_);
}

std::optional<cassette_entry> llm_tape::take(const std::string& key) {
  std::lock_guard guard{mutex_};
  auto* entry = recorded_.take(key);
  return entry ? std::optional{*entry} : std::nullopt;
}

result<void> llm_tape::append(const cassette_entry& entry, std::string_view secret) {
  auto line = to_line(entry, secret);
  std::lock_guard guard{mutex_};
  auto n = ::write(fd_, line.data(), line.size());
  if (n != static_cast<ssize_t>(line.size()))
    return fail(v1::ERROR_CODE_STORE, file_ + ": " + std::strerror(n < 0 ? errno : ENOSPC));
  return {};
}

result<std::shared_ptr<llm_tape>> llm_tapes::open(const std::string& file, bool for_recording) {
  std::lock_guard guard{mutex_};
  auto& known = open_[{file, for_recording}];
  if (auto tape = known.lock())
    return tape;
  auto opened = llm_tape::open(file, for_recording);
  if (opened)
    known = *opened;
  return opened;
}

std::shared_ptr<http_transport> make_llm_player(std::shared_ptr<llm_tape> tape) {
  return std::make_shared<llm_player>(std::move(tape));
}

std::shared_ptr<http_transport> make_llm_recorder(std::shared_ptr<llm_tape> tape, std::shared_ptr<http_transport> next,
                                                  std::string secret, bool play_first,
                                                  std::shared_ptr<spdlog::logger> log) {
  return std::make_shared<llm_recorder>(std::move(tape), std::move(next), std::move(secret), play_first,
                                        std::move(log));
}

} // namespace troupe

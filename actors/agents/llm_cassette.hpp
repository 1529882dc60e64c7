#pragma once

#include "actors/http/http_transport.hpp"
#include "runtime/agents/llm/cassette.hpp"
#include "runtime/core/result.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace spdlog {
class logger;
}

namespace troupe {

/// A cassette and its file. Safe to use from any thread.
class llm_tape {
public:
  /// Fails with ERROR_CODE_NOT_FOUND when the file is not there and nothing is to be recorded, with
  /// ERROR_CODE_INVALID_INPUT when it is malformed or cannot be written.
  static result<std::shared_ptr<llm_tape>> open(const std::string& file, bool for_recording);

  ~llm_tape();
  llm_tape(const llm_tape&) = delete;
  llm_tape& operator=(const llm_tape&) = delete;

  const std::string& file() const {
    return file_;
  }

  std::optional<cassette_entry> take(const std::string& key);

  /// Appends the entry to the file, as one line in one write. It is not played back by this process: an answer that was
  /// recorded for one task must not become the answer of the next.
  result<void> append(const cassette_entry& entry, std::string_view secret);

private:
  llm_tape(std::string file, cassette recorded, int fd);

  std::string file_;
  std::mutex mutex_;
  cassette recorded_;
  /// -1: not for recording.
  int fd_;
};

/// The tapes in use, one per file.
class llm_tapes {
public:
  /// As llm_tape::open.
  result<std::shared_ptr<llm_tape>> open(const std::string& file, bool for_recording);

private:
  std::mutex mutex_;
  std::map<std::pair<std::string, bool>, std::weak_ptr<llm_tape>> open_;
};

/// Answers from the tape alone. A request that is not on it fails with ERROR_CODE_NOT_FOUND, naming its key.
std::shared_ptr<http_transport> make_llm_player(std::shared_ptr<llm_tape> tape);

/// Asks `next`, and writes down every 2xx answer. With `play_first`, what the tape has is played instead. `secret`
/// never reaches the file. A file that cannot be written is a warning; the task goes on.
std::shared_ptr<http_transport> make_llm_recorder(std::shared_ptr<llm_tape> tape, std::shared_ptr<http_transport> next,
                                                  std::string secret, bool play_first,
                                                  std::shared_ptr<spdlog::logger> log);

} // namespace troupe

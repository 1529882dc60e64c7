#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

/// Texts that wait until a program reads its standard input.
class input_queue {
public:
  explicit input_queue(size_t most_bytes) : most_bytes_{most_bytes} {}

  void push(std::string text) {
    bytes_ += text.size();
    texts_.push_back(std::move(text));
  }

  /// More waits than may; one text alone is never too much.
  bool is_too_long() const {
    return bytes_ > most_bytes_ && texts_.size() > 1;
  }

  bool empty() const {
    return texts_.empty();
  }

  /// What is to be written next; not for an empty queue.
  std::string_view next() const {
    return std::string_view{texts_.front()}.substr(written_);
  }

  /// So much of `next` was written.
  void advance(size_t bytes) {
    written_ += bytes;
    if (written_ < texts_.front().size())
      return;
    bytes_ -= texts_.front().size();
    texts_.pop_front();
    written_ = 0;
  }

  void clear() {
    texts_.clear();
    bytes_ = written_ = 0;
  }

private:
  size_t most_bytes_;
  std::deque<std::string> texts_;
  /// Of the first of them.
  size_t written_ = 0;
  /// Of all texts, with what is written of the first.
  size_t bytes_ = 0;
};

} // namespace troupe

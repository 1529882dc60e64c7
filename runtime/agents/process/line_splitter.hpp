#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// Cuts a stream of bytes into lines of bounded length. What is longer is skipped to its end and counted.
class line_splitter {
public:
  explicit line_splitter(size_t max_line) : max_line_{max_line} {}

  /// Calls `take(std::string_view line)` for each line that is complete now, without its end ("\n" or "\r\n").
  /// `too_long()` is called once for each line that is skipped, as soon as that is clear.
  template <class Take, class TooLong>
  void feed(std::string_view bytes, Take&& take, TooLong&& too_long) {
    while (!bytes.empty()) {
      auto end = bytes.find('\n');
      auto piece = bytes.substr(0, end);
      if (!skipping_ && partial_.size() + piece.size() > max_line_) {
        skipping_ = true;
        skipped_ = partial_.size();
        partial_ = {};
        too_long();
      }
      skipped_ += skipping_ ? piece.size() : 0;
      if (end == std::string_view::npos) {
        if (!skipping_)
          partial_ += piece;
        return;
      }
      if (skipping_) {
        skipping_ = false;
      } else if (partial_.empty()) {
        take(without_return(piece));
      } else {
        partial_ += piece;
        take(without_return(partial_));
        partial_.clear();
      }
      bytes.remove_prefix(end + 1);
    }
  }

  /// Bytes of the line that is being skipped now; 0 when there is none.
  size_t skipped() const {
    return skipping_ ? skipped_ : 0;
  }

  /// What came after the last end of a line.
  std::string take_rest() {
    auto out = std::move(partial_);
    partial_.clear();
    skipping_ = false;
    return out;
  }

private:
  static std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    return line;
  }

  size_t max_line_;
  bool skipping_ = false;
  size_t skipped_ = 0;
  std::string partial_;
};

} // namespace troupe

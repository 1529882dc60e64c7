#include "nodes/client/update_queue.hpp"

#include <utility>

namespace troupe {

update_queue::update_queue(size_t most_updates) : most_updates_(most_updates) {
  // nop
}

void update_queue::push(v1::RunUpdate x) {
  {
    std::lock_guard lock{mutex_};
    if (end_)
      return;
    if (updates_.size() < most_updates_)
      updates_.push_back(std::move(x));
    else
      end_ =
          error{v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the reader is too slow for the updates; watch the run again", true};
  }
  changed_.notify_one();
}

void update_queue::close(error why) {
  {
    std::lock_guard lock{mutex_};
    if (!end_)
      end_ = std::move(why);
  }
  changed_.notify_one();
}

result<std::optional<v1::RunUpdate>> update_queue::pop(milliseconds timeout) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait_for(lock, timeout, [this] { return !updates_.empty() || end_; }))
    return std::nullopt;
  if (updates_.empty())
    return tl::unexpected(*end_);
  std::optional<v1::RunUpdate> next{std::move(updates_.front())};
  updates_.pop_front();
  return next;
}

} // namespace troupe

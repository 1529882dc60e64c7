#include "runtime/link/write_queue.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Small frames share a chunk of up to this many bytes, so that one system call writes many of them.
constexpr size_t chunk_size = size_t{64} << 10;

constexpr size_t urgent_reserve = size_t{1} << 20;

} // namespace

void write_queue::append(lane& to, uint8_t flags, std::string_view body) {
  auto size = frame_header_size + body.size();
  if (to.chunks.empty() || to.chunks.back().size() + size > chunk_size) {
    to.chunks.push_back(std::move(spare_));
    spare_ = {};
    to.chunks.back().clear();
  }
  auto& chunk = to.chunks.back();
  auto header = frame_header(flags, static_cast<uint32_t>(body.size()));
  chunk.append(header.data(), header.size());
  chunk.append(body);
  bytes_ += size;
}

write_queue::outcome write_queue::push(std::string_view message, bool urgent) {
  if (message.size() > limits_.max_message)
    return outcome::too_large;
  if (bytes_ + message.size() > bound_ + (urgent ? urgent_reserve : 0))
    return outcome::full;
  if (message.size() <= limits_.piece) {
    append(urgent ? urgent_ : normal_, 0, message);
    return outcome::queued;
  }
  // Pieces all go through one lane: two messages in pieces must not mix.
  while (message.size() > limits_.piece) {
    append(normal_, frame_part, message.substr(0, limits_.piece));
    message.remove_prefix(limits_.piece);
  }
  append(normal_, frame_part | frame_last, message);
  return outcome::queued;
}

void write_queue::gather(std::vector<std::string_view>& out, size_t max) const {
  auto add = [&](const lane& from, size_t begin, size_t end) {
    for (size_t i = begin; i < std::min(end, from.chunks.size()) && out.size() < max; ++i)
      out.push_back(std::string_view{from.chunks[i]}.substr(i == 0 ? from.written : 0));
  };
  // A lane in the middle of a chunk finishes that chunk first; the rest keeps the order of urgency.
  if (normal_.written > 0)
    add(normal_, 0, 1);
  add(urgent_, 0, urgent_.chunks.size());
  add(normal_, normal_.written > 0 ? 1 : 0, normal_.chunks.size());
}

size_t write_queue::consume(lane& from, size_t count) {
  auto& front = from.chunks.front();
  auto left = front.size() - from.written;
  if (count < left) {
    from.written += count;
    return count;
  }
  from.written = 0;
  if (front.capacity() <= 2 * chunk_size && front.capacity() > spare_.capacity())
    spare_ = std::move(front);
  from.chunks.pop_front();
  return left;
}

void write_queue::consume(size_t count) {
  bytes_ -= count;
  if (count > 0 && normal_.written > 0)
    count -= consume(normal_, count);
  while (count > 0 && !urgent_.chunks.empty())
    count -= consume(urgent_, count);
  while (count > 0)
    count -= consume(normal_, count);
}

} // namespace troupe

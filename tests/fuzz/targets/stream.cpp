#include "runtime/agents/llm/chat_reply.hpp"
#include "runtime/agents/llm/sse_parser.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

namespace {

bool same(const sse_event& a, const sse_event& b) {
  return a.type == b.type && a.data == b.data;
}

} // namespace

/// A stream of server-sent events, as an OpenAI-compatible server writes it.
void llm_stream(std::string_view data) {
  decisions from{data};
  const auto seed = from.byte();
  const auto text = unfold(from.take(data.size()));

  std::vector<sse_event> whole;
  sse_parser at_once{16 << 10};
  const auto fed = at_once.feed(text, whole) && at_once.finish(whole);

  std::vector<sse_event> parts;
  sse_parser piecewise{16 << 10};
  bool good = true;
  in_pieces(text, seed, [&](std::string_view piece) { good = good && piecewise.feed(piece, parts); });
  good = good && piecewise.finish(parts);
  require(good == fed, "pieces of a stream mean what the stream means");
  if (good)
    require(std::equal(whole.begin(), whole.end(), parts.begin(), parts.end(), same), "pieces yield the same events");

  chat_reply reply;
  for (const auto& event : parts)
    if (!reply.add_chunk(event.data))
      break;
  chat_reply one;
  static_cast<void>(one.add_whole(text));
  static_cast<void>(chat_error({500, {}, text}, 0));
}

} // namespace troupe::fuzz

#include "runtime/link/valid_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

namespace {

/// Length of the well-formed UTF-8 sequence (Unicode 15, table 3-7) at the front of `x`; 0 when there is none.
size_t sequence_length(std::string_view x) {
  auto at = [&](size_t i) { return i < x.size() ? static_cast<uint8_t>(x[i]) : uint8_t{0}; };
  auto is_tail = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
  auto lead = at(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return is_tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    bool second = is_tail(1) && !(lead == 0xe0 && at(1) < 0xa0) && !(lead == 0xed && at(1) > 0x9f);
    return second && is_tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    bool second = is_tail(1) && !(lead == 0xf0 && at(1) < 0x90) && !(lead == 0xf4 && at(1) > 0x8f);
    return second && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

template <class Get, class Mutable>
void fix(Get get, Mutable change) {
  std::string_view rest = get();
  while (!rest.empty()) {
    auto length = sequence_length(rest);
    if (length == 0)
      return make_valid_text(*change());
    rest.remove_prefix(length);
  }
}

} // namespace

void make_valid_text(std::string& x) {
  std::string out;
  std::string_view rest = x;
  while (!rest.empty()) {
    auto length = sequence_length(rest);
    if (length == 0)
      out += "\xef\xbf\xbd";
    else
      out += rest.substr(0, length);
    rest.remove_prefix(length == 0 ? 1 : length);
  }
  x = std::move(out);
}

void make_valid_text(v1::TaskResult& x) {
  if (x.has_error())
    fix(
        [&]() -> auto& { return x.error().message(); }, [&] { return x.mutable_error()->mutable_message(); });
  if (x.has_output())
    fix(
        [&]() -> auto& { return x.output().content_type(); },
        [&] { return x.mutable_output()->mutable_content_type(); });
}

void make_valid_text(v1::TaskProgress& x) {
  fix(
      [&]() -> auto& { return x.note(); }, [&] { return x.mutable_note(); });
}

void make_valid_text(v1::TaskOp& x) {
  switch (x.op_case()) {
  case v1::TaskOp::kAsk:
    return make_valid_text(*x.mutable_ask()->mutable_to());
  case v1::TaskOp::kAnswer:
    return make_valid_text(*x.mutable_answer()->mutable_request());
  case v1::TaskOp::kNotify:
    return make_valid_text(*x.mutable_notify()->mutable_to());
  case v1::TaskOp::kHandoff:
    return make_valid_text(*x.mutable_handoff()->mutable_to());
  case v1::TaskOp::kPut:
    return make_valid_text(*x.mutable_put()->mutable_artifact());
  case v1::TaskOp::kGet:
    return make_valid_text(*x.mutable_get()->mutable_artifact());
  case v1::TaskOp::kDecide:
    make_valid_text(*x.mutable_decide()->mutable_reason());
    return make_valid_text(*x.mutable_decide()->mutable_question());
  case v1::TaskOp::kQuestion:
    return make_valid_text(*x.mutable_question()->mutable_question());
  case v1::TaskOp::kLog:
    return make_valid_text(*x.mutable_log()->mutable_text());
  case v1::TaskOp::kInbox:
  case v1::TaskOp::OP_NOT_SET:
    return;
  }
}

} // namespace troupe

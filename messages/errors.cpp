#include "messages/errors.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

namespace troupe {

std::string to_string(ec code) {
  return v1::ErrorCode_Name(static_cast<v1::ErrorCode>(code));
}

caf::error to_caf(const error& x) {
  // One element more where trying again may help.
  if (x.retryable)
    return caf::make_error(static_cast<ec>(x.code), x.message, true);
  return caf::make_error(static_cast<ec>(x.code), x.message);
}

namespace {

std::string first_text(const caf::error& x) {
  const auto& context = x.context();
  if (context.match_elements<std::string>() || context.match_elements<std::string, bool>())
    return context.get_as<std::string>(0);
  return {};
}

} // namespace

error from_caf(const caf::error& x) {
  // Asking a default-constructed error for its category crashes CAF 0.17.
  if (!x)
    return {v1::ERROR_CODE_CANCELLED, "it ended normally", false};
  if (x.category() == caf::detail::error_factory<ec>::category) {
    auto text = first_text(x);
    auto code = static_cast<errc>(x.code());
    auto again = x.context().match_elements<std::string, bool>() && x.context().get_as<bool>(1);
    return {code, text.empty() ? to_string(static_cast<ec>(x.code())) : text, again};
  }
  if (x == caf::sec::request_timeout)
    return {v1::ERROR_CODE_TIMED_OUT, "no answer within the deadline", true};
  if (x == caf::sec::request_receiver_down || x == caf::exit_reason::remote_link_unreachable)
    return {v1::ERROR_CODE_UNAVAILABLE, "the receiver is gone", true};
  return {v1::ERROR_CODE_INTERNAL, caf::to_string(x), false};
}

} // namespace troupe

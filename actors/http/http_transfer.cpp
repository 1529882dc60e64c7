#include "actors/http/http_transfer.hpp"

#include "actors/http/http_client.hpp"
#include "runtime/agents/json_text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <utility>

namespace troupe {

namespace {

/// Of all header lines together; a server that sends more means no good.
constexpr size_t max_header_bytes = size_t{64} << 10;

milliseconds until(http_transfer::time_point deadline) {
  auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  // 0 means "no bound" to libcurl.
  return std::max(left, milliseconds{1});
}

/// Programs that the node starts must not hold its connections open.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

} // namespace

struct http_transfer::curl_parts {
  CURL* easy = curl_easy_init();
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> message{};

  curl_parts() = default;
  curl_parts(const curl_parts&) = delete;
  curl_parts& operator=(const curl_parts&) = delete;

  ~curl_parts() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }

  bool add_header(const http_header& header) {
    // libcurl takes "Name:" as an order to leave the header out; "Name;" is one without a value.
    return add_line(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }

  bool add_line(const std::string& line) {
    auto* longer = curl_slist_append(headers, line.c_str());
    if (longer)
      headers = longer;
    return longer != nullptr;
  }
};

http_transfer::http_transfer(uint64_t id, http_request request, http_callbacks callbacks)
    : id_{id}, request_{std::move(request)},
      callbacks_{std::move(callbacks)}, deadline_{std::chrono::steady_clock::now() + request_.timeout} {}

http_transfer::~http_transfer() = default;

result<void*> http_transfer::prepare(const http_client_config& config) {
  curl_ = std::make_unique<curl_parts>();
  auto* easy = curl_->easy;
  if (!easy)
    return troupe::fail(v1::ERROR_CODE_INTERNAL, "libcurl has no handle to give");
  for (auto& header : request_.headers) {
    if (!is_header_name(header.name) || !is_header_value(header.value))
      return troupe::fail(v1::ERROR_CODE_INVALID_INPUT, "a header cannot be sent: " + clean_text(header.name, 100));
    if (!curl_->add_header(header))
      return troupe::fail(v1::ERROR_CODE_INTERNAL, "out of memory");
  }
  // Waiting for "100 Continue" costs a second on servers that do not know it.
  if (!curl_->add_line("Expect:"))
    return troupe::fail(v1::ERROR_CODE_INTERNAL, "out of memory");
  auto ok = CURLE_OK;
  auto set = [&](auto option, auto value) {
    if (ok == CURLE_OK)
      ok = curl_easy_setopt(easy, option, value);
  };
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!config.ca_file.empty())
    set(CURLOPT_CAINFO, config.ca_file.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  // A name look-up that hangs must not hang the I/O thread when it is given up.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(until(deadline_).count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(config.connect_timeout, until(deadline_)).count()));
  set(CURLOPT_USERAGENT, "troupe");
  set(CURLOPT_HTTPHEADER, curl_->headers);
  if (request_.method == "GET") {
    set(CURLOPT_HTTPGET, 1L);
  } else {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
  }
  set(CURLOPT_HEADERFUNCTION, &http_transfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &http_transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, curl_->message.data());
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  if (ok != CURLE_OK)
    return troupe::fail(v1::ERROR_CODE_INVALID_INPUT,
                        std::string{"the request cannot be sent: "} + curl_easy_strerror(ok));
  return easy;
}

size_t http_transfer::on_header(char* data, size_t size, size_t count, void* self) {
  auto n = size * count;
  return static_cast<http_transfer*>(self)->header_line({data, n}) ? n : 0;
}

size_t http_transfer::on_body(char* data, size_t size, size_t count, void* self) {
  auto n = size * count;
  return static_cast<http_transfer*>(self)->body_bytes({data, n}) ? n : 0;
}

bool http_transfer::header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_bytes)
    return blame(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                 "the server sent more than " + std::to_string(max_header_bytes) + " bytes of headers");
  if (has_head_)
    return true;
  // Each of several responses (100, then 200) begins anew.
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    return true;
  }
  auto text = trimmed(line);
  if (text.empty()) {
    response_.status = status();
    has_head_ = response_.status >= 200;
    if (streams() && callbacks_.on_head)
      callbacks_.on_head(response_);
    return true;
  }
  if (auto colon = text.find(':'); colon != std::string_view::npos)
    response_.headers.push_back(
        {std::string{trimmed(text.substr(0, colon))}, clean_text(trimmed(text.substr(colon + 1)), max_header_bytes)});
  return true;
}

bool http_transfer::body_bytes(std::string_view bytes) {
  body_size_ += bytes.size();
  if (body_size_ > request_.max_response_bytes)
    return blame(v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the response is larger than "
                                                        + std::to_string(request_.max_response_bytes)
                                                        + " bytes (max_response_bytes)");
  if (streams())
    callbacks_.on_body(bytes);
  else
    response_.body += bytes;
  return true;
}

int http_transfer::status() const {
  long code = 0;
  curl_easy_getinfo(curl_->easy, CURLINFO_RESPONSE_CODE, &code);
  return static_cast<int>(code);
}

bool http_transfer::streams() const {
  return request_.stream && callbacks_.on_body && response_.status >= 200 && response_.status < 300;
}

bool http_transfer::blame(errc code, std::string message) {
  fault_ = std::make_unique<error>(error{code, std::move(message), false});
  return false;
}

void http_transfer::finish(int curl_code) {
  if (fault_) {
    callbacks_.on_done(tl::unexpected<error>(std::move(*fault_)));
  } else if (curl_code != CURLE_OK) {
    callbacks_.on_done(tl::unexpected<error>(curl_error(curl_code)));
  } else {
    response_.status = status();
    callbacks_.on_done(std::move(response_));
  }
}

void http_transfer::fail(errc code, std::string message, bool retryable) {
  callbacks_.on_done(troupe::fail(code, std::move(message), retryable));
}

error http_transfer::timeout_error() const {
  return {v1::ERROR_CODE_TIMED_OUT, "no complete answer within " + std::to_string(request_.timeout.count()) + " ms",
          true};
}

error http_transfer::curl_error(int curl_code) const {
  auto code = static_cast<CURLcode>(curl_code);
  auto* words = curl_->message[0] != '\0' ? curl_->message.data() : curl_easy_strerror(code);
  auto message = clean_text(words, CURL_ERROR_SIZE);
  switch (code) {
  case CURLE_OPERATION_TIMEDOUT:
    // Either the whole, or the connect timeout alone.
    if (std::chrono::steady_clock::now() + milliseconds{1} >= deadline_)
      return timeout_error();
    return {v1::ERROR_CODE_UNAVAILABLE, "cannot reach the server: " + message, true};
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL:
    return {v1::ERROR_CODE_INVALID_INPUT, "not a URL that can be asked: " + message, false};
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
    return {v1::ERROR_CODE_FORBIDDEN, "the server's identity cannot be verified: " + message, false};
  case CURLE_OUT_OF_MEMORY:
    return {v1::ERROR_CODE_RESOURCE_EXHAUSTED, "out of memory", true};
  default:
    return {v1::ERROR_CODE_UNAVAILABLE, "the exchange with the server failed: " + message, true};
  }
}

} // namespace troupe

#pragma once

#include "actors/http/http_transport.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace troupe {

struct http_client_config;

/// One request on its way through libcurl. Lives on the I/O thread; libcurl holds pointers to it while it runs.
class http_transfer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  http_transfer(uint64_t id, http_request request, http_callbacks callbacks);
  ~http_transfer();
  http_transfer(const http_transfer&) = delete;
  http_transfer& operator=(const http_transfer&) = delete;

  uint64_t id() const {
    return id_;
  }

  time_point deadline() const {
    return deadline_;
  }

  /// Makes the CURL handle to give to the multi interface. Fails with ERROR_CODE_INVALID_INPUT or ERROR_CODE_INTERNAL.
  result<void*> prepare(const http_client_config& config);

  /// libcurl is done with it (`curl_code` is a CURLcode).
  void finish(int curl_code);

  void fail(errc code, std::string message, bool retryable);

  error timeout_error() const;

private:
  struct curl_parts;
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  bool header_line(std::string_view line);
  bool body_bytes(std::string_view bytes);
  error curl_error(int curl_code) const;
  int status() const;
  bool streams() const;
  bool blame(errc code, std::string message);

  uint64_t id_;
  http_request request_;
  http_callbacks callbacks_;
  time_point deadline_;
  http_response response_;
  size_t header_bytes_ = 0;
  size_t body_size_ = 0;
  /// What follows as header lines are trailers.
  bool has_head_ = false;
  /// Why we stopped it ourselves.
  std::unique_ptr<error> fault_;
  std::unique_ptr<curl_parts> curl_;
};

} // namespace troupe

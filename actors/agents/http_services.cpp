#include "actors/agents/http_services.hpp"

#include "actors/http/http_client.hpp"
#include "actors/system_clock.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace troupe {

namespace {

constexpr size_t max_key_file = size_t{64} << 10;

} // namespace

result<std::string> read_small_file(const std::string& path, size_t max_bytes) {
  std::error_code ec;
  // Anything else could keep us waiting.
  if (!std::filesystem::is_regular_file(path, ec))
    return fail(v1::ERROR_CODE_NOT_FOUND, path + ": " + (ec ? ec.message() : "not a regular file"));
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  std::string out;
  std::array<char, 16 * 1024> buffer;
  while (in && out.size() <= max_bytes) {
    in.read(buffer.data(), buffer.size());
    out.append(buffer.data(), static_cast<size_t>(in.gcount()));
  }
  if (in.bad() || (in.fail() && !in.eof()))
    return fail(v1::ERROR_CODE_NOT_FOUND, path + ": " + std::strerror(errno ? errno : EIO));
  if (out.size() > max_bytes)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, path + ": larger than " + std::to_string(max_bytes) + " bytes");
  return out;
}

http_services http_services::of_this_process() {
  http_services out;
  out.transport = std::make_shared<http_client>();
  out.time = std::make_shared<system_clock>();
  out.lookup.variable = [](const std::string& name) -> std::optional<std::string> {
    auto* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
  };
  out.lookup.file = [](const std::string& path) { return read_small_file(path, max_key_file); };
  return out;
}

} // namespace troupe

#pragma once

#include "runtime/agents/http/http_message.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Reads the settings of an agent kind out of a JSON object. The first fault is kept, and names its setting; the
/// readers answer their default from then on.
class settings {
public:
  explicit settings(const json& object, std::string prefix = {});

  std::string text(std::string_view name, std::string fallback = {});
  bool flag(std::string_view name, bool fallback);
  uint64_t count(std::string_view name, uint64_t fallback, uint64_t least, uint64_t most);
  std::optional<double> number(std::string_view name, double least, double most);
  /// An object of strings; names and values must be fit for HTTP, and not those that the client itself sets.
  http_headers headers(std::string_view name);
  /// Null when absent or JSON null.
  const json* find(std::string_view name);
  /// A nested object; an empty one when absent.
  settings object(std::string_view name);

  void blame(std::string_view name, const std::string& what);
  /// Takes over the fault of a nested object.
  void absorb(const settings& nested);

  /// Fails with ERROR_CODE_INVALID_INPUT when something was wrong.
  result<void> check() const;

private:
  json object_;
  std::string prefix_;
  std::optional<error> fault_;
};

/// Absolute, http or https, with a host and without user and password (they would end up in logs). The error says what
/// is wrong with it.
std::optional<std::string> url_fault(std::string_view url);

/// How secrets and defaults get in: the environment and files of the node. Injected, so that tests own them.
struct host_lookup {
  std::function<std::optional<std::string>(const std::string&)> variable;
  /// The whole text of a small file.
  std::function<result<std::string>(const std::string&)> file;
};

/// The API key that `api_key_env` or `api_key_file` names; empty when neither is set. Fails with ERROR_CODE_NOT_FOUND
/// when the named place has none, with ERROR_CODE_INVALID_INPUT when what it has cannot be sent.
result<std::string> find_api_key(const std::string& api_key_env, const std::string& api_key_file,
                                 const host_lookup& lookup);

} // namespace troupe

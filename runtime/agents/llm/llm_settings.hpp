#pragma once

#include "runtime/agents/http/settings.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/expression/json_schema.hpp"
#include "runtime/expression/text_template.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

/// USD per million tokens.
struct llm_price {
  double input = 0;
  double output = 0;
};

struct llm_cassette_settings {
  enum class mode_type {
    /// Always ask the server, and write down what it says.
    record,
    /// Never ask the server.
    replay,
    /// Replay what is there, record the rest.
    automatic,
  };
  mode_type mode = mode_type::automatic;
  std::string file;
};

/// Settings of the kind `llm`, as the workflow has them. Holds no secret.
struct llm_settings {
  std::string model;
  /// Up to and including "/v1"; empty = the node's environment, see find_llm_endpoint.
  std::string base_url;
  std::string api_key_env;
  std::string api_key_file;
  std::string system;
  /// Over the members of the input, which as a whole is `input`; absent: the input itself is the prompt.
  std::optional<text_template> prompt;
  std::optional<double> temperature;
  std::optional<uint64_t> max_tokens;
  llm_price price;
  /// What the answer must be; absent: text.
  std::optional<json_schema> output;
  /// How often a wrong answer is sent back with its faults.
  uint64_t repair_turns = 2;
  bool stream = true;
  std::optional<llm_cassette_settings> cassette;
  http_headers headers;
  size_t max_response_bytes = size_t{8} << 20;

  /// From AgentSpec.config_json. Fails with ERROR_CODE_INVALID_INPUT, naming the setting.
  static result<llm_settings> parse(const json& config);
};

/// Where requests go. Not for logs.
struct llm_endpoint {
  /// Without a slash at the end.
  std::string base_url;
  /// Empty: a server that wants none.
  std::string api_key;
};

/// URL: `base_url`, else TROUPE_LLM_BASE_URL, else OPENAI_BASE_URL. Key: api_key_env, else api_key_file, else
/// OPENAI_API_KEY, which goes only to a URL that comes from the environment too: a workflow that names a server of its
/// own also names the key that this server may see. Fails with ERROR_CODE_NOT_FOUND when the URL or a named key is
/// missing.
result<llm_endpoint> find_llm_endpoint(const llm_settings& config, const host_lookup& lookup);

} // namespace troupe

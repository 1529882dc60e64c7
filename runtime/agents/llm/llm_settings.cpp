#include "runtime/agents/llm/llm_settings.hpp"

#include <utility>

namespace troupe {

namespace {

constexpr uint64_t max_repair_turns = 10;

std::optional<llm_cassette_settings> parse_cassette(settings& in) {
  if (!in.find("cassette"))
    return std::nullopt;
  auto nested = in.object("cassette");
  llm_cassette_settings out;
  auto mode = nested.text("mode", "auto");
  if (mode == "record")
    out.mode = llm_cassette_settings::mode_type::record;
  else if (mode == "replay")
    out.mode = llm_cassette_settings::mode_type::replay;
  else if (mode != "auto")
    nested.blame("mode", "expected record, replay or auto");
  out.file = nested.text("file");
  if (out.file.empty())
    nested.blame("file", "missing; a cassette needs a file");
  in.absorb(nested);
  return out;
}

llm_price parse_price(settings& in) {
  auto nested = in.object("price");
  llm_price out;
  out.input = nested.number("input", 0, 1e6).value_or(0);
  out.output = nested.number("output", 0, 1e6).value_or(0);
  in.absorb(nested);
  return out;
}

} // namespace

result<llm_settings> llm_settings::parse(const json& config) {
  settings in{config};
  llm_settings out;
  out.model = in.text("model");
  if (out.model.empty())
    in.blame("model", "missing; an llm agent needs the name of a model");
  out.base_url = in.text("base_url");
  if (!out.base_url.empty())
    if (auto fault = url_fault(out.base_url))
      in.blame("base_url", *fault);
  out.api_key_env = in.text("api_key_env");
  out.api_key_file = in.text("api_key_file");
  out.system = in.text("system");
  if (auto text = in.text("prompt"); !text.empty()) {
    if (auto compiled = text_template::parse(text))
      out.prompt = std::move(*compiled);
    else
      in.blame("prompt", compiled.error().message);
  }
  out.temperature = in.number("temperature", 0, 2);
  if (in.find("max_tokens"))
    out.max_tokens = in.count("max_tokens", 1, 1, 10'000'000);
  out.price = parse_price(in);
  if (auto* schema = in.find("output")) {
    if (auto compiled = json_schema::compile(*schema))
      out.output = std::move(*compiled);
    else
      in.blame("output", compiled.error().message);
  }
  out.repair_turns = in.count("repair_turns", out.repair_turns, 0, max_repair_turns);
  out.stream = in.flag("stream", out.stream);
  out.cassette = parse_cassette(in);
  out.headers = in.headers("headers");
  out.max_response_bytes = in.count("max_response_bytes", out.max_response_bytes, 1, uint64_t{64} << 20);
  if (auto ok = in.check(); !ok)
    return tl::unexpected<error>(ok.error());
  return out;
}

result<llm_endpoint> find_llm_endpoint(const llm_settings& config, const host_lookup& lookup) {
  llm_endpoint out;
  out.base_url = config.base_url;
  for (auto* name : {"TROUPE_LLM_BASE_URL", "OPENAI_BASE_URL"}) {
    if (!out.base_url.empty())
      break;
    out.base_url = lookup.variable(name).value_or("");
    if (out.base_url.empty())
      continue;
    if (auto fault = url_fault(out.base_url))
      return fail(v1::ERROR_CODE_INVALID_INPUT, std::string{"environment variable "} + name + ": " + *fault);
  }
  if (out.base_url.empty())
    return fail(v1::ERROR_CODE_NOT_FOUND, "no server for model \"" + config.model
                                              + "\": set base_url in the agent's definition, or TROUPE_LLM_BASE_URL or "
                                                "OPENAI_BASE_URL in the node's environment");
  while (out.base_url.ends_with('/'))
    out.base_url.pop_back();
  auto key_env = config.api_key_env;
  if (key_env.empty() && config.api_key_file.empty() && config.base_url.empty()
      && !lookup.variable("OPENAI_API_KEY").value_or("").empty())
    key_env = "OPENAI_API_KEY";
  auto key = find_api_key(key_env, config.api_key_file, lookup);
  if (!key)
    return tl::unexpected<error>(key.error());
  out.api_key = std::move(*key);
  return out;
}

} // namespace troupe

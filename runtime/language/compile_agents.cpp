#include "runtime/expression/lua.hpp"
#include "runtime/expression/text_template.hpp"
#include "runtime/language/nearest.hpp"
#include "runtime/language/sha256.hpp"
#include "runtime/language/workflow_compiler.hpp"

#include <algorithm>

namespace troupe {

namespace {

const std::vector<std::string> agent_kinds = {"function", "lua", "process", "http", "llm"};

/// Checks the settings of one kind and copies them as they stand.
class kind_reader {
public:
  kind_reader(document_checker& check, const object_reader& keys, json& config)
      : check_{check}, keys_{keys}, config_{config} {}

  void read(const std::string& kind, const std::string& name) {
    if (kind == "function")
      read_function(name);
    else if (kind == "lua")
      read_lua();
    else if (kind == "process")
      read_process();
    else if (kind == "http")
      read_http();
    else if (kind == "llm")
      read_llm();
  }

private:
  std::optional<document_value> keep(const char* key, bool required = false) {
    auto value = required ? keys_.need(key) : keys_[key];
    if (value)
      config_[key] = to_json(*value->node);
    return value;
  }

  void text(const char* key, bool required = false) {
    if (auto x = keep(key, required); x && check_.text(*x) && x->text().empty())
      check_.fault(*x, "an empty text");
  }

  void url(const char* key, bool required = false) {
    auto x = keep(key, required);
    if (x && check_.text(*x) && !x->text().starts_with("http://") && !x->text().starts_with("https://"))
      check_.fault(*x, "expected a URL with http:// or https://, found \"" + excerpt(x->text()) + "\"");
  }

  void prompt() {
    auto x = keep("prompt");
    if (!x || !check_.text(*x))
      return;
    if (auto parsed = text_template::parse(x->text()); !parsed)
      check_.fault(*x, parsed.error().message);
  }

  void read_function(const std::string& name) {
    config_["function"] = name;
    config_["config"] = json::object();
    text("function");
    if (auto x = keep("config"); x && !x->is_object())
      check_.mismatch(*x, "an object");
  }

  void read_lua() {
    auto x = keep("script", true);
    if (!x || !check_.text(*x))
      return;
    if (auto compiled = lua_chunk::compile_script(x->text()); !compiled)
      check_.fault(*x, compiled.error().message);
  }

  void read_process() {
    if (auto x = keep("command", true)) {
      auto words = check_.texts(*x);
      if (x->is_list() && (x->node->items.empty() || (!words.empty() && words[0].empty())))
        check_.fault(*x, "a command without a program", "give the program and its arguments as a list of texts");
    }
    if (auto x = keep("env"))
      check_.text_map(*x);
    text("cwd");
  }

  void read_http() {
    url("url", true);
    if (auto x = keep("method"))
      check_.one_of(*x, {"POST", "PUT", "PATCH"});
    read_exchange();
  }

  /// What all kinds that speak HTTP have in common.
  void read_exchange() {
    text("api_key_env");
    text("api_key_file");
    if (auto x = keys_["api_key_file"]; x && keys_["api_key_env"])
      check_.fault(*x, "both `api_key_env` and `api_key_file`", "keep one of them");
    if (auto x = keep("headers"))
      check_.text_map(*x);
    if (auto x = keep("max_response_bytes"))
      check_.integer(*x, 1, int64_t{64} << 20);
  }

  void read_llm() {
    text("model", true);
    url("base_url");
    read_exchange();
    prompt();
    text("system");
    if (auto x = keep("temperature"))
      check_.number(*x, 0, 2);
    if (auto x = keep("max_tokens"))
      check_.integer(*x, 1, 10'000'000);
    if (auto x = keep("price")) {
      object_reader price{check_, *x, keys_of("price"), "`price`"};
      for (auto key : {"input", "output"})
        if (auto usd = price[key])
          check_.number(*usd, 0, 1e6);
    }
    if (auto x = keep("cassette")) {
      object_reader cassette{check_, *x, keys_of("cassette"), "`cassette`"};
      if (auto file = cassette.need("file"))
        check_.text(*file);
      if (auto mode = cassette["mode"])
        check_.one_of(*mode, {"record", "replay", "auto"});
    }
    if (auto x = keep("repair_turns"))
      check_.integer(*x, 0, 10);
    if (auto x = keep("stream"))
      check_.boolean(*x);
    keep("output");
  }

  document_checker& check_;
  const object_reader& keys_;
  json& config_;
};

breaker_policy compile_breaker(document_checker& check, const document_value& at) {
  breaker_policy out;
  object_reader keys{check, at, keys_of("breaker"), "`breaker`"};
  if (auto x = keys["failure_ratio"])
    out.failure_ratio = check.number(*x, 0.01, 1).value_or(out.failure_ratio);
  if (auto x = keys["window"])
    out.window = static_cast<uint32_t>(check.integer(*x, 1, 10'000).value_or(out.window));
  if (auto x = keys["open_for"])
    out.open_for = check.duration(*x).value_or(out.open_for);
  return out;
}

agent_definition compile_agent(document_checker& check, const std::string& name, const document_value& at) {
  agent_definition out;
  out.name = name;
  auto* kind = at.node->find("kind");
  if (!at.is_object()) {
    check.mismatch(at, "an agent (an object with `kind`)");
    return out;
  }
  if (kind == nullptr) {
    check.fault(at, "the key \"kind\" is missing; expected one of " + enumerate(agent_kinds));
    return out;
  }
  out.kind = check.one_of(at.member(*kind), agent_kinds).value_or("");
  if (out.kind.empty())
    return out;
  object_reader keys{check, at, keys_of("agent_" + out.kind), "an agent of kind " + out.kind};
  kind_reader{check, keys, out.config}.read(out.kind, name);

  auto count = [&](const char* key, uint32_t low, uint32_t high, uint32_t& into) {
    if (auto x = keys[key])
      into = static_cast<uint32_t>(check.integer(*x, low, high).value_or(into));
  };
  count("replicas", 1, 1'000, out.replicas);
  count("concurrency", 1, 10'000, out.concurrency);
  out.room_is_given = keys["replicas"] || keys["concurrency"];
  count("max_concurrent", 1, 100'000, out.max_concurrent);
  if (auto x = keys["capabilities"])
    out.capabilities = check.texts(*x);
  if (auto x = keys["labels"])
    out.labels = check.text_map(*x);
  if (auto x = keys["placement"])
    out.placement = check.text_map(*x);
  if (auto x = keys["input"])
    out.input_schema = compile_schema(check, *x);
  if (auto x = keys["output"])
    out.output_schema = compile_schema(check, *x);
  if (auto x = keys["retry"])
    out.retry = compile_retry(check, *x);
  if (auto x = keys["timeout"])
    out.timeout = check.duration(*x).value_or(milliseconds{0});
  if (auto x = keys["breaker"])
    out.breaker = compile_breaker(check, *x);
  // A script has no way to the outside.
  out.pure = out.kind == "lua";
  if (auto x = keys["pure"])
    out.pure = check.boolean(*x).value_or(out.pure);
  out.hash = hash_of(out);
  return out;
}

} // namespace

std::string hash_of(const agent_definition& x) {
  json identity = {{"kind", x.kind}, {"config", x.config}, {"replicas", x.replicas}, {"concurrency", x.concurrency}};
  return sha256_hex(identity.dump());
}

std::map<std::string, agent_definition> compile_agents(document_checker& check, const document_value& at) {
  std::map<std::string, agent_definition> out;
  if (!at.is_object()) {
    check.mismatch(at, "an object of agents by name");
    return out;
  }
  for (auto& m : at.node->members) {
    if (!is_identifier(m.key))
      check.fault(at.member(m), "\"" + excerpt(m.key) + "\" is not a name",
                  "use at most 64 of A-Z a-z 0-9 _ and -, not beginning with a digit or -");
    out.emplace(m.key, compile_agent(check, m.key, at.member(m)));
  }
  return out;
}

} // namespace troupe

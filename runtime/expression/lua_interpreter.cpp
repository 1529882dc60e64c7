#include "runtime/expression/lua_interpreter.hpp"

#include "runtime/expression/lua_library.hpp"
#include "runtime/expression/lua_values.hpp"
#include "runtime/policy/error_code_name.hpp"

#include <lua.hpp>

#include <cstdlib>
#include <memory>

namespace troupe {

namespace {

// Chunks that one interpreter keeps; beyond that it starts afresh.
constexpr size_t chunk_limit = 2048;
constexpr size_t compile_memory = size_t{16} << 20;
// Garbage that may lie around between two evaluations.
constexpr size_t idle_garbage = size_t{1} << 20;

// Key of the registry: the metatable by which an evaluation's globals fall back to the library.
const char globals_key = 0;

void* allocate(void* user, void* block, size_t old_size, size_t size) {
  auto& meter = *static_cast<lua_meter*>(user);
  // For a new block Lua passes its kind there.
  const auto held = block ? old_size : 0;
  if (size == 0) {
    std::free(block);
    meter.used -= held;
    return nullptr;
  }
  if (size > held && meter.used + (size - held) > meter.limit)
    return nullptr;
  auto* grown = std::realloc(block, size);
  if (grown)
    meter.used = meter.used - held + size;
  return grown;
}

int open_protected(lua_State* state) {
  lua_values::open(state);
  lua_createtable(state, 0, 1);
  lua_library::push(state);
  lua_setfield(state, -2, "__index");
  lua_rawsetp(state, LUA_REGISTRYINDEX, &globals_key);
  return 0;
}

struct evaluation {
  const lua_source& source;
  const scope& in;
  int chunk;
};

void push_steps(lua_State* state, const char* name, const std::set<std::string>& ids, bool all,
                const json* (scope::*find)(std::string_view) const, const evaluation& call, const json* document) {
  if (ids.empty() && !all)
    return;
  const json* whole = nullptr;
  if (all && document && document->is_object()) {
    auto found = document->find(name);
    whole = found == document->end() ? nullptr : &*found;
  }
  if (whole) {
    lua_values::push(state, *whole);
  } else {
    lua_createtable(state, 0, static_cast<int>(ids.size()));
    for (const auto& id : ids) {
      const auto* value = (call.in.*find)(id);
      if (!value)
        continue;
      lua_pushlstring(state, id.data(), id.size());
      lua_values::push(state, *value);
      lua_rawset(state, -3);
    }
  }
  lua_setfield(state, -2, name);
}

/// A call of the script to us, one at a time. Lua's errors leave functions by longjmp, so whatever owns something lives
/// here and not on their stacks.
struct host_call {
  const lua_host_call* host = nullptr;
  json argument;
  json value;
  std::string fault;
  std::string code;

  /// Raises nothing. False: `fault` says why.
  bool perform(lua_State* state) {
    value = nullptr;
    code = "invalid_input";
    if (!lua_values::to_json(state, argument, fault))
      return false;
    auto done = host->call(argument);
    if (done) {
      value = std::move(*done);
      return true;
    }
    fault = done.error().message;
    code = error_code_name(done.error().code);
    return false;
  }
};

int call_host(lua_State* state) {
  auto& call = *static_cast<host_call*>(lua_touserdata(state, lua_upvalueindex(1)));
  lua_settop(state, 1);
  if (call.perform(state)) {
    lua_values::push(state, call.value);
    return 1;
  }
  lua_pushnil(state);
  lua_pushlstring(state, call.fault.data(), call.fault.size());
  lua_pushlstring(state, call.code.data(), call.code.size());
  return 3;
}

struct protected_call {
  const evaluation& call;
  const json* document;
  host_call* host;
};

int run_protected(lua_State* state) {
  const auto& [call, document, host] = *static_cast<const protected_call*>(lua_touserdata(state, 1));
  const auto& reads = call.source.reads;
  lua_rawgeti(state, LUA_REGISTRYINDEX, call.chunk);
  lua_createtable(state, 0, static_cast<int>(reads.members.size()) + 2);
  for (const auto& name : reads.members) {
    if (const auto* value = call.in.member(name)) {
      lua_pushlstring(state, name.data(), name.size());
      lua_values::push(state, *value);
      lua_rawset(state, -3);
    }
  }
  if (host->host != nullptr) {
    lua_pushlightuserdata(state, host);
    lua_pushcclosure(state, call_host, 1);
    lua_setfield(state, -2, host->host->name.c_str());
  }
  push_steps(state, "steps", reads.steps, reads.all_steps, &scope::step, call, document);
  push_steps(state, "results", reads.results, reads.all_results, &scope::step_result, call, document);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &globals_key);
  lua_setmetatable(state, -2);
  lua_setupvalue(state, -2, 1);
  lua_call(state, 0, 1);
  return 1;
}

std::string with_hint(std::string message, const std::string& text) {
  auto has = [&](const char* what) { return text.find(what) != std::string::npos; };
  if (has("!="))
    message += "; Lua writes ~= for \"not equal\"";
  else if (has("&&") || has("||"))
    message += "; Lua writes and, or, not";
  return message;
}

} // namespace

lua_interpreter& lua_interpreter::local() {
  // A Lua state serves one thread at a time, and making one costs a hundred evaluations.
  thread_local lua_interpreter instance;
  return instance;
}

lua_interpreter::~lua_interpreter() {
  close();
}

void lua_interpreter::close() {
  if (state_)
    lua_close(state_);
  state_ = nullptr;
  chunks_.clear();
  meter_ = {};
}

bool lua_interpreter::open() {
  if (state_)
    return true;
  state_ = lua_newstate(allocate, &meter_);
  if (!state_)
    return false;
  meter_.attach(state_);
  lua_pushcfunction(state_, open_protected);
  if (lua_pcall(state_, 0, 0, 0) != LUA_OK) {
    close();
    return false;
  }
  collect();
  return true;
}

void lua_interpreter::collect() {
  lua_gc(state_, LUA_GCCOLLECT);
  meter_.base = meter_.used;
}

result<int> lua_interpreter::load(const lua_source& source) {
  if (auto known = chunks_.find(source.id); known != chunks_.end())
    return known->second;
  if (chunks_.size() >= chunk_limit)
    close();
  if (!open())
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, "no memory for a Lua interpreter");
  const auto name = std::string{"="} + source.kind;
  meter_.limit = meter_.base + compile_memory;
  const auto status = luaL_loadbufferx(state_, source.code.data(), source.code.size(), name.c_str(), "t");
  meter_.limit = SIZE_MAX;
  if (status != LUA_OK) {
    std::string message = status == LUA_ERRMEM ? "the chunk is too large" : lua_tostring(state_, -1);
    lua_pop(state_, 1);
    return fail(v1::ERROR_CODE_INVALID_INPUT, with_hint(std::move(message), source.text));
  }
  // Out of memory here is a real one, without a limit of ours; the state is of no use after it.
  lua_pushcfunction(state_, [](lua_State* state) {
    lua_pushinteger(state, luaL_ref(state, LUA_REGISTRYINDEX));
    return 1;
  });
  lua_insert(state_, -2);
  if (lua_pcall(state_, 1, 1, 0) != LUA_OK) {
    close();
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED, "no memory for a Lua chunk");
  }
  const auto reference = static_cast<int>(lua_tointeger(state_, -1));
  lua_pop(state_, 1);
  collect();
  chunks_.emplace(source.id, reference);
  return reference;
}

error lua_interpreter::describe(const lua_source& source, int status, const lua_limits& limits, json* raised) {
  if (meter_.spent())
    return {v1::ERROR_CODE_EXPRESSION, std::string{"the "} + source.kind + " used up its budget of "
                                           + std::to_string(limits.instructions)
                                           + " instructions; is there an endless loop?"};
  if (status == LUA_ERRMEM)
    return {v1::ERROR_CODE_EXPRESSION, std::string{"the "} + source.kind + " needs more than its "
                                           + std::to_string(limits.memory) + " bytes of memory"};
  size_t size = 0;
  if (std::string fault; raised != nullptr && lua_istable(state_, -1) && !lua_values::to_json(state_, *raised, fault))
    *raised = nullptr;
  if (lua_type(state_, -1) != LUA_TSTRING)
    return {v1::ERROR_CODE_EXPRESSION,
            std::string{source.kind} + ": an error that is a " + luaL_typename(state_, -1) + " and no text"};
  const auto* message = lua_tolstring(state_, -1, &size);
  std::string text(message, std::min<size_t>(size, 4096));
  // Lua has no name of its own for our null.
  constexpr std::string_view userdata = "userdata value";
  if (const auto at = text.find(userdata); at != std::string::npos)
    text.replace(at, userdata.size(), "null value");
  return {v1::ERROR_CODE_EXPRESSION, std::move(text)};
}

result<void> lua_interpreter::run(const lua_source& source, const scope& in, const lua_limits& limits,
                                  const std::function<result<void>(lua_State*)>& use, const lua_host_call* host,
                                  json* raised) {
  auto chunk = load(source);
  if (!chunk)
    return tl::unexpected{chunk.error()};
  std::shared_ptr<const json> document;
  if (source.reads.all_steps || source.reads.all_results)
    document = in.document();
  const evaluation call{source, in, *chunk};
  host_call calls;
  calls.host = host;
  protected_call argument{call, document.get(), &calls};
  meter_.start(state_, limits.instructions, limits.memory);
  lua_pushcfunction(state_, run_protected);
  lua_pushlightuserdata(state_, &argument);
  const auto status = lua_pcall(state_, 1, 1, 0);
  meter_.stop(state_);
  result<void> out;
  if (status != LUA_OK)
    out = tl::unexpected{describe(source, status, limits, raised)};
  else
    out = use(state_);
  lua_settop(state_, 0);
  // The chunk must not keep its globals until it runs again.
  lua_rawgeti(state_, LUA_REGISTRYINDEX, *chunk);
  lua_pushnil(state_);
  lua_setupvalue(state_, -2, 1);
  lua_pop(state_, 1);
  if (meter_.used > meter_.base + idle_garbage)
    lua_gc(state_, LUA_GCCOLLECT);
  return out;
}

} // namespace troupe

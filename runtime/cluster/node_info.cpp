#include "runtime/cluster/membership.hpp"

namespace troupe {

namespace {

constexpr size_t longest_text = 256;
constexpr int most_labels = 64;
constexpr int most_agents = 10'000;
constexpr uint32_t most_tasks = 1'000'000;

bool is_word(const std::string& x, size_t longest) {
  if (x.empty() || x.size() > longest)
    return false;
  for (char c : x)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
          || c == '-'))
      return false;
  return true;
}

template <class Map>
bool is_bounded(const Map& labels) {
  if (static_cast<int>(labels.size()) > most_labels)
    return false;
  for (auto& [key, value] : labels)
    if (key.empty() || key.size() > longest_text || value.size() > longest_text)
      return false;
  return true;
}

} // namespace

result<void> validate(const v1::NodeInfo& node) {
  auto bad = [&](const std::string& what) {
    return fail(v1::ERROR_CODE_INVALID_INPUT, "node \"" + node.name().substr(0, longest_text) + "\": " + what);
  };
  if (!is_word(node.name(), 128))
    return bad("a node's name is 1 to 128 letters, digits, dots, underscores or hyphens");
  if (!is_word(node.boot_id(), 128))
    return bad("the boot id is missing or malformed");
  if (node.capacity() > most_tasks)
    return bad("capacity is above " + std::to_string(most_tasks));
  if (node.roles_size() > 8 || node.kinds_size() > 64 || node.version().size() > longest_text
      || node.address().size() > longest_text)
    return bad("roles, kinds, version or address are overlong");
  if (!is_bounded(node.labels()))
    return bad("at most 64 labels of at most 256 bytes");
  if (node.agents_size() > most_agents)
    return bad("more than " + std::to_string(most_agents) + " agents");
  for (auto& agent : node.agents())
    if (agent.name().empty() || agent.name().size() > longest_text || agent.kind().size() > longest_text
        || agent.capabilities_size() > 256 || !is_bounded(agent.labels()))
      return bad("agent \"" + agent.name().substr(0, longest_text) + "\" has no name or is overlong");
  return {};
}

} // namespace troupe

#include "nodes/cli/ready_line.hpp"

namespace troupe::cli {

std::string ready_line::to_string() const {
  auto out = "ready name=" + name;
  if (!listen.empty())
    out += " listen=" + listen;
  if (!metrics.empty())
    out += " metrics=" + metrics;
  return out;
}

std::optional<ready_line> ready_line::parse(std::string_view line) {
  constexpr std::string_view start = "ready ";
  if (!line.starts_with(start))
    return std::nullopt;
  line.remove_prefix(start.size());
  ready_line out;
  while (!line.empty()) {
    auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    auto split = word.find('=');
    if (split == std::string_view::npos)
      continue;
    auto key = word.substr(0, split);
    auto value = std::string{word.substr(split + 1)};
    if (key == "name")
      out.name = std::move(value);
    else if (key == "listen")
      out.listen = std::move(value);
    else if (key == "metrics")
      out.metrics = std::move(value);
  }
  if (out.name.empty())
    return std::nullopt;
  return out;
}

} // namespace troupe::cli

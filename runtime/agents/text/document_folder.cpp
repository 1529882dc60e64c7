#include "runtime/agents/text/document_folder.hpp"

#include "runtime/expression/utf8.hpp"

#include <algorithm>
#include <fstream>
#include <map>

namespace troupe::text {

namespace fs = std::filesystem;

namespace {

auto refuse(errc code, std::string message) {
  return fail(code, std::move(message));
}

// Whole, but not a byte more than allowed: the file may grow while it is read.
result<std::string> contents_of(const fs::path& path, size_t limit) {
  std::ifstream file(path, std::ios::binary);
  std::string out;
  char block[16384];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    out.append(block, static_cast<size_t>(file.gcount()));
    if (out.size() > limit)
      return refuse(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                    path.string() + " is larger than " + std::to_string(limit) + " bytes");
  }
  if (!file.eof())
    return refuse(v1::ERROR_CODE_NOT_FOUND, path.string() + " cannot be read");
  return out;
}

} // namespace

result<document_folder> document_folder::open(const fs::path& path, const folder_limits& limits) {
  std::error_code failed;
  document_folder out;
  out.limits_ = limits;
  out.path_ = fs::canonical(path, failed);
  if (failed || !fs::is_directory(out.path_, failed))
    return refuse(v1::ERROR_CODE_NOT_FOUND, "there is no folder " + path.string());

  std::vector<std::string> names;
  for (fs::directory_iterator i(out.path_, failed), end; !failed && i != end; i.increment(failed)) {
    auto name = i->path().filename().string();
    if (name.starts_with('.'))
      continue;
    if (names.size() == limits.files)
      return refuse(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                    path.string() + " holds more than " + std::to_string(limits.files) + " files");
    names.push_back(std::move(name));
  }
  if (failed)
    return refuse(v1::ERROR_CODE_NOT_FOUND, path.string() + " cannot be read: " + failed.message());
  std::sort(names.begin(), names.end());

  std::map<fs::path, std::vector<std::string>> by_target;
  for (auto& name : names) {
    const auto target = fs::canonical(out.path_ / name, failed);
    if (failed)
      out.skipped_.push_back({name, "a link to nothing"});
    else if (target.parent_path() != out.path_)
      out.skipped_.push_back({name, "a link that leads out of the folder"});
    else if (!fs::is_regular_file(target, failed))
      out.skipped_.push_back({name, "no file"});
    else if (!utf8::valid(name))
      out.skipped_.push_back({"?", "a name that is no UTF-8 text"});
    else
      by_target[target].push_back(std::move(name));
  }
  for (auto& [target, known] : by_target) {
    entry next{target.filename().string(), std::move(known), static_cast<size_t>(fs::file_size(target, failed))};
    std::erase(next.aliases, next.name);
    if (failed || next.bytes > limits.file_bytes)
      out.skipped_.push_back({next.name, "larger than " + std::to_string(limits.file_bytes) + " bytes"});
    else
      out.entries_.push_back(std::move(next));
  }
  return out;
}

result<document> document_folder::read(const std::string& name) const {
  auto wanted = [&](const entry& x) {
    return x.name == name || std::find(x.aliases.begin(), x.aliases.end(), name) != x.aliases.end();
  };
  const auto found = std::find_if(entries_.begin(), entries_.end(), wanted);
  if (found == entries_.end()) {
    for (const auto& x : skipped_)
      if (x.name == name)
        return refuse(v1::ERROR_CODE_NOT_FOUND, name + " in " + path_.string() + " is " + x.why);
    return refuse(v1::ERROR_CODE_NOT_FOUND, "there is no document " + name + " in " + path_.string());
  }
  auto text = contents_of(path_ / found->name, limits_.file_bytes);
  if (!text)
    return tl::unexpected{text.error()};
  if (!utf8::valid(*text))
    return refuse(v1::ERROR_CODE_INVALID_INPUT, name + " in " + path_.string() + " is no UTF-8 text");
  return document{found->name, std::move(*text)};
}

result<json> documents(const json& input) {
  const auto path = required_text(input, "folder");
  if (!path)
    return tl::unexpected{path.error()};
  auto names = optional_texts(input, "names");
  if (!names)
    return tl::unexpected{names.error()};
  const auto folder = document_folder::open(*path);
  if (!folder)
    return tl::unexpected{folder.error()};
  const bool texts = input.value("texts", json(true)) != json(false);

  auto list = json::array();
  auto skipped = json::array();
  for (const auto& x : folder->left_out())
    skipped.push_back({{"name", x.name}, {"why", x.why}});
  auto add = [&](const document_folder::entry& x) -> result<void> {
    json next{{"name", x.name}, {"aliases", x.aliases}, {"bytes", x.bytes}};
    if (texts) {
      auto read = folder->read(x.name);
      if (!read)
        return tl::unexpected{read.error()};
      next["lines"] = line_index{read->text}.count();
      next["text"] = std::move(read->text);
    }
    list.push_back(std::move(next));
    return {};
  };
  if (names->empty()) {
    for (const auto& x : folder->entries())
      if (auto done = add(x); !done)
        skipped.push_back({{"name", x.name}, {"why", done.error().message}});
  }
  for (const auto& name : *names) {
    const auto read = folder->read(name);
    if (!read)
      return tl::unexpected{read.error()};
    const auto& all = folder->entries();
    if (auto done = add(*std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.name == read->name; }));
        !done)
      return tl::unexpected{done.error()};
  }
  return json{{"folder", *path}, {"documents", std::move(list)}, {"skipped", std::move(skipped)}};
}

} // namespace troupe::text

#pragma once

#include "runtime/agents/text/text_input.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace troupe::text {

struct folder_limits {
  /// Files looked at, and bytes of one of them.
  size_t files = 1000;
  size_t file_bytes = size_t{4} << 20;
};

/// The text files of a folder, not of its subfolders. A link is followed when it leads to a file in the folder itself;
/// a file that several names lead to is one document. Files whose names begin with a dot are left out.
class document_folder {
public:
  struct entry {
    /// Name of the file.
    std::string name;
    /// Other names in the folder that lead to it.
    std::vector<std::string> aliases;
    size_t bytes = 0;
  };

  struct skipped {
    std::string name;
    std::string why;
  };

  /// Fails with ERROR_CODE_NOT_FOUND when there is no such folder, with ERROR_CODE_RESOURCE_EXHAUSTED when it holds
  /// more files than allowed.
  static result<document_folder> open(const std::filesystem::path& path, const folder_limits& limits = {});

  /// Sorted by name.
  const std::vector<entry>& entries() const {
    return entries_;
  }

  /// What is there but no document: too large, a link that leads away, no file.
  const std::vector<skipped>& left_out() const {
    return skipped_;
  }

  /// By name or alias. Fails with ERROR_CODE_NOT_FOUND (also for anything but a plain name of the folder) and
  /// ERROR_CODE_INVALID_INPUT when it is no UTF-8 text.
  result<document> read(const std::string& name) const;

private:
  std::filesystem::path path_;
  folder_limits limits_;
  std::vector<entry> entries_;
  std::vector<skipped> skipped_;
};

/// A folder as a tool.
/// In: {folder: path, names: [name] (default: all), texts: true | false = true}
/// Out: {folder, documents: [{name, aliases, bytes, lines, text}], skipped: [{name, why}]}; without `texts` neither
/// lines nor text.
result<json> documents(const json& input);

} // namespace troupe::text

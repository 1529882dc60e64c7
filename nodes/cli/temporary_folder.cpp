#include "nodes/cli/temporary_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace troupe::cli {

temporary_folder::temporary_folder() : path_((std::filesystem::temp_directory_path() / "troupe-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr)
    throw std::filesystem::filesystem_error("no temporary folder", path_,
                                            std::error_code{errno, std::generic_category()});
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace troupe::cli

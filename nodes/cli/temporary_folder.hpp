#pragma once

#include <string>

namespace troupe::cli {

/// A folder of its own under $TMPDIR, removed with all that is in it.
class temporary_folder {
public:
  /// Throws std::filesystem::filesystem_error when there can be none.
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::string& path() const {
    return path_;
  }

private:
  std::string path_;
};

} // namespace troupe::cli

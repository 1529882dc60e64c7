#pragma once

#include "runtime/core/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace troupe {

/// The sign of life of a coordinator process towards others that use the same data directory: a lock on
/// DIR/owners/<owner>.lock that the kernel drops when the process ends, however it ends. So a dead owner is told from a
/// living one without clocks. Works on local file systems only, as the journal itself does.
///
/// The owner's name is the process's boot id: nobody uses it twice.
class owner_lock {
public:
  /// Fails with ERROR_CODE_STORE (directory missing or not writable), ERROR_CODE_INVALID_INPUT (a name that is no file
  /// name), ERROR_CODE_ALREADY_EXISTS (a living process has the name).
  static result<owner_lock> acquire(const std::filesystem::path& data_dir, const std::string& owner);

  /// When in doubt (no permission, no descriptors left) the answer is yes: a run that waits is better than a run that
  /// two processes drive.
  static bool alive(const std::filesystem::path& data_dir, const std::string& owner);

  /// Removes what dead owners left behind; returns how many there were.
  static size_t remove_stale(const std::filesystem::path& data_dir);

  owner_lock(owner_lock&& other) noexcept;
  owner_lock& operator=(owner_lock&& other) noexcept;
  ~owner_lock();

private:
  owner_lock(std::filesystem::path file, int descriptor);
  void release() noexcept;

  std::filesystem::path file_;
  /// -1 when moved from.
  int descriptor_;
};

} // namespace troupe

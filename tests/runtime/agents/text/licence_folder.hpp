#pragma once

#include <filesystem>

/// Debian's licence texts, for tests on real documents; a test that needs them skips where they are not.
inline bool has_licences() {
  return std::filesystem::exists("/usr/share/common-licenses/GPL-3")
         && std::filesystem::exists("/usr/share/common-licenses/Apache-2.0");
}

inline constexpr const char* licence_folder = "/usr/share/common-licenses";

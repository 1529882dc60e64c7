#include "runtime/journal/owner_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

namespace fs = std::filesystem;

namespace {

constexpr const char* suffix = ".lock";

/// A name that is still being locked; it gets its final one afterwards, so a final name is never seen unlocked while
/// its owner lives.
constexpr const char* fresh_suffix = ".new";

constexpr size_t max_owner = 128;

/// Another process may sweep a fresh file away before it is locked; more often than once is no coincidence.
constexpr int acquire_attempts = 16;

bool is_name(const std::string& owner) {
  return !owner.empty() && owner.size() <= max_owner && owner.front() != '.'
         && std::all_of(owner.begin(), owner.end(), [](unsigned char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_'
                     || c == '-';
            });
}

fs::path folder(const fs::path& data_dir) {
  return data_dir / "owners";
}

tl::unexpected<error> refused(const fs::path& path, const char* what) {
  return fail(v1::ERROR_CODE_STORE, fmt::format("cannot {} {}: {}; the data directory must exist and be writable", what,
                                                path.string(), std::strerror(errno)));
}

bool same_file(int descriptor, const fs::path& path) {
  struct stat open_file = {};
  struct stat named_file = {};
  return fstat(descriptor, &open_file) == 0 && stat(path.c_str(), &named_file) == 0
         && open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
}

/// Close-on-exec everywhere: an agent's process that outlives us must not keep the lock.
int open_existing(const fs::path& path) {
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

} // namespace

result<owner_lock> owner_lock::acquire(const fs::path& data_dir, const std::string& owner) {
  if (!is_name(owner))
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                fmt::format("\"{}\" is no owner's name: 1 to {} letters, digits, '.', '_' or '-', not beginning with "
                            "'.'",
                            owner.substr(0, max_owner), max_owner));
  auto dir = folder(data_dir);
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST)
    return refused(dir, "create");
  auto file = dir / (owner + suffix);
  if (alive(data_dir, owner))
    return fail(v1::ERROR_CODE_ALREADY_EXISTS,
                fmt::format("a living process is called {} already ({})", owner, file.string()));
  auto fresh = dir / (owner + fresh_suffix);
  for (int attempt = 0; attempt < acquire_attempts; ++attempt) {
    int descriptor = open(fresh.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
      return refused(fresh, "create");
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && same_file(descriptor, fresh)
        && rename(fresh.c_str(), file.c_str()) == 0)
      return owner_lock{std::move(file), descriptor};
    close(descriptor);
  }
  return refused(file, "lock");
}

bool owner_lock::alive(const fs::path& data_dir, const std::string& owner) {
  if (!is_name(owner))
    return false;
  int descriptor = open_existing(folder(data_dir) / (owner + suffix));
  if (descriptor < 0)
    return errno != ENOENT && errno != ENOTDIR;
  // Shared, so that two who ask at once do not take each other for the owner.
  bool locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0;
  close(descriptor);
  return locked;
}

size_t owner_lock::remove_stale(const fs::path& data_dir) {
  size_t removed = 0;
  std::error_code failed;
  for (fs::directory_iterator i{folder(data_dir), failed}, end; !failed && i != end; i.increment(failed)) {
    auto extension = i->path().extension();
    if (extension != suffix && extension != fresh_suffix)
      continue;
    int descriptor = open_existing(i->path());
    if (descriptor < 0)
      continue;
    // Shared where others may ask whether the owner lives: it does not, and they must not take us for it.
    auto mode = extension == suffix ? LOCK_SH : LOCK_EX;
    if (flock(descriptor, mode | LOCK_NB) == 0 && same_file(descriptor, i->path()) && unlink(i->path().c_str()) == 0)
      ++removed;
    close(descriptor);
  }
  return removed;
}

owner_lock::owner_lock(fs::path file, int descriptor) : file_{std::move(file)}, descriptor_{descriptor} {}

owner_lock::owner_lock(owner_lock&& other) noexcept
    : file_{std::move(other.file_)}, descriptor_{std::exchange(other.descriptor_, -1)} {}

owner_lock& owner_lock::operator=(owner_lock&& other) noexcept {
  if (this != &other) {
    release();
    file_ = std::move(other.file_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

owner_lock::~owner_lock() {
  release();
}

void owner_lock::release() noexcept {
  if (descriptor_ < 0)
    return;
  unlink(file_.c_str());
  close(descriptor_);
  descriptor_ = -1;
}

} // namespace troupe

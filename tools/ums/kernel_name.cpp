// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/kernel_name.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "sim_kernel/publish/run_folder.h"

namespace ums::command {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr const char* kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The run folder. Not in the second place where the first is no good: others might look there.
Descriptor open_folder() {
  const kernel::RunFolders folders = kernel::run_folders();
  int opened = -ENOENT;
  const char* path = "";
  for (int i = 0; i < folders.count && opened < 0; ++i) {
    path = static_cast<const char*>(folders.paths[i]);
    opened = kernel::open_run_folder(path, true);
    if (opened != -EPERM && opened != -ENOTDIR && opened != -ELOOP) continue;
    throw std::runtime_error(fmt::format(
        "'{}' must be a folder of yours, and for you alone (mode 0700): remove it, or set "
        "XDG_RUNTIME_DIR to another folder",
        path));
  }
  if (opened < 0) throw std::system_error(-opened, std::generic_category(), path);
  return Descriptor(opened);
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Whether somebody listens there.
bool connect_to(int socket, const std::string& path) {
  const sockaddr_un address = address_of(path);
  int result = -1;
  do {
    result = connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != ENOENT && errno != ECONNREFUSED) fail("cannot join the kernel");
  return result == 0;
}

ino_t inode_of(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

std::string why_no_kernel_name(const std::string& name) {
  const bool is_good = !name.empty() && name.size() <= kLongestName &&
                       name.find_first_not_of(kNameCharacters) == std::string::npos &&
                       name.front() != '.' && name.front() != '-';
  if (is_good) return {};
  return fmt::format(
      "'{}' is no name for a kernel: use up to {} letters, digits, '.', '_' and '-', the first a "
      "letter, a digit or '_'",
      name, kLongestName);
}

KernelName::KernelName(const std::string& name)
    : name_(name),
      folder_(open_folder()),
      socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  if (!socket_) fail("cannot make a socket");
  const Descriptor locked = lock();
  if (!connect_to(socket_.get(), path())) take(path());
}

// By way of the folder's descriptor: an address is 107 bytes at most.
std::string KernelName::path() const {
  return fmt::format("/proc/self/fd/{}/{}.sock", folder_.get(), name_);
}

// Held until it is closed.
Descriptor KernelName::lock() const {
  Descriptor file(openat(folder_.get(), "attach.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                         S_IRUSR | S_IWUSR));
  int result = file ? 0 : -1;
  do {
    if (file) result = flock(file.get(), LOCK_EX);
  } while (result != 0 && errno == EINTR);
  if (result != 0) fail("cannot lock attach.lock in the run folder");
  return file;
}

void KernelName::take(const std::string& path) {
  unlink(path.c_str());
  const sockaddr_un address = address_of(path);
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket_.get(), SOMAXCONN) != 0) {
    fail("cannot make a socket in the run folder");
  }
  inode_ = inode_of(path);
  is_ours_ = true;
}

pid_t KernelName::kernel() const {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    fail("cannot see the kernel process");
  }
  if (peer.pid > 0) return peer.pid;
  throw std::runtime_error(
      fmt::format("the kernel '{}' runs outside of this container: use another name", name_));
}

bool KernelName::give_up() {
  const Descriptor locked = lock();
  pollfd waits{socket_.get(), POLLIN, 0};
  int count = -1;
  do {
    count = poll(&waits, 1, 0);
  } while (count < 0 && errno == EINTR);
  if (count != 0) return false;
  if (inode_of(path()) == inode_) unlink(path().c_str());
  socket_.reset();
  is_ours_ = false;
  return true;
}

}  // namespace ums::command

// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/fusermount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <mntent.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sim_kernel/base/descriptor.h"
#include "sim_kernel/base/descriptor_passing.h"

namespace ums::kernel {

namespace {

constexpr const char* kProgram = "fusermount3";
constexpr std::string_view kSource = "ums-";  // and the process that serves the mount

[[noreturn]] void fail(int error, std::string text) { throw FuseProblem{error, std::move(text)}; }

// What failed for want of something else than what it is about.
[[noreturn]] void fail_errno(const char* what) {
  const int error = errno;
  const char* const remedy = error == EMFILE   ? "; raise the limit of open files (ulimit -n)"
                             : error == ENFILE ? "; the system has too many open files"
                                               : "";
  fail(error, fmt::format("{}: {}{}", what, strerrordesc_np(error), remedy));
}

std::string own_source() { return fmt::format("{}{}", kSource, getpid()); }

// ---- the folder

struct Mounted {
  std::string source;
  std::string type;
};

// What is mounted on a folder, last; the folder's path is that of realpath.
std::optional<Mounted> mounted_on(const std::string& folder) {
  constexpr const char* kTable = "/proc/self/mounts";
  FILE* const table = setmntent(kTable, "re");
  if (table == nullptr) fail_errno(kTable);
  std::optional<Mounted> found;
  mntent entry{};
  char text[2 * PATH_MAX];
  while (getmntent_r(table, &entry, text, sizeof text) != nullptr) {
    if (folder == entry.mnt_dir) found = Mounted{entry.mnt_fsname, entry.mnt_type};
  }
  endmntent(table);
  return found;
}

// Whether the process that serves a mount of ours is alive, as far as this process can see.
bool is_served(std::string_view source) noexcept {
  pid_t pid = 0;
  source.remove_prefix(kSource.size());
  std::from_chars(source.data(), source.data() + source.size(), pid);
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return errno != ESRCH;
  pollfd ended{process.get(), POLLIN, 0};  // also while nobody has waited for it
  return poll(&ended, 1, 0) == 0;
}

[[noreturn]] void fail_dead(const std::string& folder) {
  fail(ENOTCONN, fmt::format("{0} is a mount whose process has died: `{1} -u {0}` takes it away",
                             folder, kProgram));
}

void check_mounts(const std::string& folder) {
  const std::optional<Mounted> mounted = mounted_on(folder);
  if (!mounted || !mounted->type.starts_with("fuse")) return;
  if (mounted->source.starts_with(kSource) && !is_served(mounted->source)) fail_dead(folder);
  fail(EBUSY, fmt::format("{} is a mount already, of {}: choose another folder, or `{} -u {}`",
                          folder, mounted->source, kProgram, folder));
}

[[noreturn]] void fail_folder(int error, const std::string& folder) {
  if (error == ENOTCONN) fail_dead(folder);
  const char* const remedy = error == ENOENT    ? ": make the folder first (mkdir)"
                             : error == ENOTDIR ? ": give a folder to mount on"
                                                : "";
  fail(error, fmt::format("{}: {}{}", folder, strerrordesc_np(error), remedy));
}

void check_contents(const std::string& folder) {
  std::error_code error;
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error) fail_folder(error.value(), folder);
  if (!empty) fail(ENOTEMPTY, folder + " is not empty: choose an empty folder");
}

// ---- what a mount needs

void check_device() {
  const Descriptor device(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (device) return;
  const int error = errno;
  if (error == EMFILE || error == ENFILE) fail_errno("/dev/fuse");
  const char* const remedy =
      error == ENOENT   ? "as root: modprobe fuse, and mknod -m 666 /dev/fuse c 10 229; in a "
                          "container: --device /dev/fuse"
      : error == EACCES ? "as root: chmod 666 /dev/fuse"
      : error == EPERM  ? "start the container with --device /dev/fuse"
                        : "as root: modprobe fuse";
  fail(error, fmt::format("/dev/fuse cannot be opened: {}; {}", strerrordesc_np(error), remedy));
}

// The file that a search for fusermount3 finds, or nothing.
std::string find_program() {
  const char* const path = getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/bin:/usr/bin";
  for (bool more = true; more;) {
    const std::size_t end = folders.find(':');
    std::string file(folders.substr(0, end));
    file += file.empty() ? "./" : "/";
    file += kProgram;
    if (access(file.c_str(), X_OK) == 0) return file;
    more = end != std::string_view::npos;
    if (more) folders.remove_prefix(end + 1);
  }
  return {};
}

// Why fusermount3, which has refused, may not be able to do its work.
std::string refusal_remedy(const std::string& program) {
  if (geteuid() == 0) return "a container needs --device /dev/fuse --cap-add SYS_ADMIN";
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
    return "set-user-id programs have no effect here (no_new_privs): mount before that is set";
  }
  struct stat status {};
  if (stat(program.c_str(), &status) == 0 &&
      (status.st_uid != 0 || (status.st_mode & S_ISUID) == 0)) {
    return fmt::format("it must be set-user-id root: as root: chown root {0} && chmod u+s {0}",
                       program);
  }
  return "a container needs --device /dev/fuse --cap-add SYS_ADMIN";
}

// ---- running fusermount3

// Starts fusermount3 with these arguments. It writes its words to `words`, and sends a descriptor
// on `socket`; -1: to nobody. Returns its process. Throws FuseProblem.
pid_t start(std::vector<const char*> arguments, int socket = -1, int words = -1) {
  const std::string program = find_program();
  if (program.empty()) {
    fail(ENOENT, fmt::format("{} is not in PATH: apt-get install fuse3", kProgram));
  }
  const std::string comm = fmt::format("_FUSE_COMMFD={}", socket);
  std::vector<char*> environment;
  for (char** at = environ; *at != nullptr; ++at) environment.push_back(*at);
  environment.push_back(const_cast<char*>(comm.c_str()));
  environment.push_back(nullptr);
  arguments.insert(arguments.begin(), kProgram);
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    if (words >= 0) posix_spawn_file_actions_adddup2(&actions, words, stream);
    if (words < 0) posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  }
  // Which exec shall not close.
  if (socket >= 0) posix_spawn_file_actions_adddup2(&actions, socket, socket);
  pid_t child = -1;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr,
                                const_cast<char**>(arguments.data()), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  errno = error;
  if (error != 0) fail_errno(program.c_str());
  return child;
}

std::string read_all(int fd) {
  std::string text;
  char part[256];
  for (;;) {
    const ssize_t count = read(fd, part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(part, part + count);
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// The same file, at a number that no standard stream has.
int above_streams(int fd) noexcept {
  const Descriptor low(fd);
  return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

void wait_for(pid_t child) noexcept {
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Lets fusermount3 mount. Returns the descriptor that it sends, or -1: then `words` say why.
int run_mount(const std::string& options, const std::string& folder, std::string& words) {
  int sockets[2];
  int pipes[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) fail_errno("a socket");
  const Descriptor own_socket(sockets[0]);
  Descriptor its_socket(above_streams(sockets[1]));
  if (pipe2(pipes, O_CLOEXEC) != 0) fail_errno("a pipe");
  const Descriptor own_pipe(pipes[0]);
  Descriptor its_pipe(above_streams(pipes[1]));
  if (!its_socket || !its_pipe) fail_errno("a descriptor");
  const pid_t child =
      start({"-o", options.c_str(), "--", folder.c_str()}, its_socket.get(), its_pipe.get());
  its_socket.reset();
  its_pipe.reset();
  const int connection = receive_descriptor(own_socket.get());
  words = read_all(own_pipe.get());
  wait_for(child);
  return connection;
}

}  // namespace

std::string check_fuse_folder(const std::string& folder) {
  char* const real = realpath(folder.c_str(), nullptr);
  if (real == nullptr) fail_folder(errno, folder);
  std::string path = real;
  free(real);
  check_mounts(path);
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) fail_folder(errno, path);
  if (!S_ISDIR(status.st_mode)) fail_folder(ENOTDIR, path);
  if (status.st_uid != geteuid()) {
    fail(EPERM,
         fmt::format("{} belongs to user {}: choose a folder of your own", path, status.st_uid));
  }
  if (access(path.c_str(), W_OK) != 0) {
    fail(EACCES, fmt::format("{0} is not writable, as {1} demands: chmod u+w {0}", path, kProgram));
  }
  check_contents(path);
  return path;
}

int fuse_mount(const std::string& folder) {
  check_device();
  std::string words;
  const int connection = run_mount(
      fmt::format("rw,nosuid,nodev,noexec,subtype=ums,fsname={}", own_source()), folder, words);
  if (connection < 0) {
    const std::string program = find_program();
    fail(EPERM, fmt::format("{} refuses: {}; {}", program, words, refusal_remedy(program)));
  }
  fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK);
  return connection;
}

void fuse_unmount(const std::string& folder) noexcept try {
  const std::optional<Mounted> mounted = mounted_on(folder);
  if (!mounted || mounted->source != own_source()) return;
  wait_for(start({"-u", "-q", "-z", "--", folder.c_str()}));
} catch (const FuseProblem&) {  // the mount stays, dead, and says so to who looks into it
} catch (const std::bad_alloc&) {
}

}  // namespace ums::kernel

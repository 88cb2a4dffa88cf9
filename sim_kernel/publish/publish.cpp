// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/publish/publish.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>

#include "sim_kernel/base/kassert.h"
#include "sim_kernel/base/own_path_call.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/publish/left_file.h"
#include "sim_kernel/publish/private_copy.h"
#include "sim_kernel/publish/run_folder.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

namespace {

constexpr long kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which Debian 11's headers do not have
constexpr int kNamesMax = 4;         // kernels in one process
constexpr std::size_t kNameBytes = 24;

struct Publisher {
  SpinLock<LockRank::kPublish> lock;

  // Constant once publishing is allowed.
  bool allowed = false;
  KernelKind kind{};
  StateFields fields{};
  char kernel_name[kStateKernelNameBytes] = {};
  RunFolders folders;

  bool tried GUARDED_BY(lock) = false;
  char* base GUARDED_BY(lock) = nullptr;          // of the mapping, while there is one
  std::size_t used GUARDED_BY(lock) = 0;          // of it, from its beginning
  bool full GUARDED_BY(lock) = false;             // there was no room once
  PageMap ready GUARDED_BY(lock);                 // its pages that may be written
  const char* folder GUARDED_BY(lock) = nullptr;  // where the file is
  char name[kNameBytes] GUARDED_BY(lock) = {};

  std::atomic<int> error{0};
  std::atomic<StateHeader*> header{nullptr};  // written under the lock
};

constinit Publisher self;

pid_t own_pid() noexcept { return static_cast<pid_t>(raw_syscall(SYS_getpid)); }

std::uint64_t now_ns() noexcept {
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_BOOTTIME, syscall_arg(&now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

bool make_ready_locked(char* begin, std::size_t bytes) noexcept REQUIRES(self.lock) {
  return self.ready.for_each_missing(
      static_cast<std::size_t>(begin - self.base), bytes,
      [](std::size_t at, std::size_t length) NO_THREAD_SAFETY_ANALYSIS {
        return raw_syscall(SYS_madvise, syscall_arg(self.base + at), static_cast<long>(length),
                           kPopulateWrite) == 0;
      });
}

void fill_command(char* command) noexcept {
  const long file = own_path_call(SYS_openat, AT_FDCWD, syscall_arg("/proc/self/cmdline"),
                                  O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return;
  raw_syscall(SYS_read, file, syscall_arg(command), kStateCommandBytes - 1);
  raw_syscall(SYS_close, file);
}

// Writes all of the header but the magic.
void fill_header(StateHeader& header, char* base) noexcept {
  const ProcessIdentity identity = process_identity(own_pid());
  header.format = kStateFormat;
  header.kind = self.kind;
  std::strncpy(header.version, UMS_VERSION, sizeof header.version - 1);
  header.base = reinterpret_cast<std::uintptr_t>(base);
  header.bytes = kPublishBytes;
  header.started_ns = now_ns();
  header.pid = own_pid();
  header.process_start = identity.start;
  header.process_stack = identity.stack;
  std::memcpy(header.kernel_name, self.kernel_name, sizeof header.kernel_name);
  fill_command(header.command);
  header.fields = self.fields;
}

// Maps the new file. Its pages become usable region by region: a program that has locked all of its
// future memory (mlockall) would get every page of it otherwise.
int map_file_locked(long file) noexcept REQUIRES(self.lock) {
  rlimit limit{};
  raw_syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, syscall_arg(&limit));
  if (limit.rlim_cur < kPublishBytes) return EFBIG;  // trying it would raise SIGXFSZ
  long error = raw_syscall(SYS_ftruncate, file, static_cast<long>(kPublishBytes));
  if (error < 0) return static_cast<int>(-error);
  const long address = raw_syscall(SYS_mmap, 0, static_cast<long>(kPublishBytes), PROT_NONE,
                                   MAP_SHARED | MAP_NORESERVE, file, 0);
  if (address < 0) return static_cast<int>(-address);
  self.base = reinterpret_cast<char*>(address);
  self.ready.clear();
  // Pages are made one by one: what Linux reads in advance of a file would be megabytes of zeros.
  raw_syscall(SYS_madvise, address, static_cast<long>(kPublishBytes), MADV_RANDOM);
  error = raw_syscall(SYS_mprotect, address, kRegionAlign, PROT_READ | PROT_WRITE);
  if (error == 0 && make_ready_locked(self.base, kStateHeaderBytes)) return 0;
  raw_syscall(SYS_munmap, address, static_cast<long>(kPublishBytes));
  self.base = nullptr;
  return error < 0 ? static_cast<int>(-error) : ENOSPC;
}

long open_new_locked(int folder) noexcept REQUIRES(self.lock) {
  return own_path_call(SYS_openat, folder, syscall_arg(self.name),
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

// Makes and locks a file that is not there yet. Returns it, or -errno.
long make_file_locked(int folder) noexcept REQUIRES(self.lock) {
  long file = -EEXIST;
  for (int i = 1; file == -EEXIST && i <= kNamesMax; ++i) {
    const pid_t pid = own_pid();
    char* const end = i == 1 ? fmt::format_to_n(self.name, kNameBytes - 1, "{}", pid).out
                             : fmt::format_to_n(self.name, kNameBytes - 1, "{}-{}", pid, i).out;
    *end = '\0';
    file = open_new_locked(folder);
    if (file != -EEXIST) break;
    remove_if_left(folder, self.name);
    file = open_new_locked(folder);
  }
  if (file < 0) return file;
  own_path_call(SYS_fchmod, file, 0600);  // whatever the umask is
  const long locked = raw_syscall(SYS_flock, file, LOCK_EX | LOCK_NB);
  if (locked == 0) return file;
  raw_syscall(SYS_close, file);
  own_path_call(SYS_unlinkat, folder, syscall_arg(self.name), 0);
  return locked;
}

// Whether the lock is still there with the descriptor closed: overlayfs maps another file.
bool lock_lasts_locked(int folder) noexcept REQUIRES(self.lock) {
  const long file = own_path_call(SYS_openat, folder, syscall_arg(self.name),
                                  O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (file < 0) return false;
  const long locked = raw_syscall(SYS_flock, file, LOCK_SH | LOCK_NB);
  raw_syscall(SYS_close, file);
  return locked < 0;
}

int start_in_locked(int folder) noexcept REQUIRES(self.lock) {
  remove_left_files(folder, kLeftFilesMax);
  const long file = make_file_locked(folder);
  if (file < 0) return static_cast<int>(-file);
  const int error = map_file_locked(file);
  if (error == 0) fill_header(*reinterpret_cast<StateHeader*>(self.base), self.base);
  raw_syscall(SYS_close, file);
  if (error != 0) {
    own_path_call(SYS_unlinkat, folder, syscall_arg(self.name), 0);
    return error;
  }
  auto* const header = reinterpret_cast<StateHeader*>(self.base);
  header->lock_lasts = lock_lasts_locked(folder) ? 1 : 0;
  self.used = kRegionAlign;
  // Release: readers see a header that is complete.
  for (std::size_t i = 0; i < sizeof kStateMagic; ++i) {
    std::atomic_ref<char>(header->magic[i]).store(kStateMagic[i], std::memory_order_release);
  }
  self.header.store(header, std::memory_order_release);
  return 0;
}

// Makes the file in the first place where that is possible.
void start_locked() noexcept REQUIRES(self.lock) {
  int first_error = 0;
  for (int i = 0; i < self.folders.count; ++i) {
    self.folder = self.folders.paths[i];
    const int folder = open_run_folder(self.folder, true);
    int error = -folder;
    if (folder >= 0) {
      error = start_in_locked(folder);
      raw_syscall(SYS_close, folder);
    }
    if (error == 0) return;
    if (first_error == 0) first_error = error;
  }
  self.error.store(first_error, std::memory_order_relaxed);
}

// The header's entry for a cache, which is made if it is the first time; null if there is no room.
// Until regions_count is released, readers take no notice of it.
StateCache* cache_named(StateHeader& header, const char* name, std::uint32_t stride) noexcept {
  for (StateCache& cache : header.caches) {
    if (std::string_view(cache.name) == name) return &cache;
    if (cache.name[0] != '\0') continue;
    cache.stride = stride;
    std::strncpy(cache.name, name, sizeof cache.name - 1);
    return &cache;
  }
  return nullptr;
}

char* region_locked(const char* name, std::uint32_t stride, std::uint32_t count,
                    std::size_t bytes) noexcept REQUIRES(self.lock) {
  StateHeader& header = *self.header.load(std::memory_order_relaxed);
  StateCache* const cache = cache_named(header, name, stride);
  const std::size_t offset = self.used;
  if (cache == nullptr || bytes > kPublishBytes - offset || bytes % kRegionAlign != 0)
    return nullptr;
  char* const region = self.base + offset;
  const std::uint32_t index = cache->regions_count.load(std::memory_order_relaxed);
  if (index == kSlabRegionsMax) return nullptr;
  if (raw_syscall(SYS_mprotect, syscall_arg(region), static_cast<long>(bytes),
                  PROT_READ | PROT_WRITE) < 0) {
    return nullptr;
  }
  self.used += bytes;
  cache->regions[index] = {offset, bytes, count, 0};
  cache->regions_count.store(index + 1, std::memory_order_release);  // with readers of the file
  return region;
}

// Takes the file away, if it still is the one that this process has made.
void remove_file_locked() noexcept REQUIRES(self.lock) {
  const int folder = open_run_folder(self.folder, false);
  if (folder < 0) return;
  own_path_call(SYS_unlinkat, folder, syscall_arg(self.name), 0);
  raw_syscall(SYS_close, folder);
}

__attribute__((destructor)) void stop_at_exit() noexcept { publish_stop(); }

}  // namespace

void publish_allow(KernelKind kind, const StateFields& fields, const char* name) noexcept {
  if (getauxval(AT_SECURE) != 0) return;
  self.kind = kind;
  self.fields = fields;
  std::strncpy(self.kernel_name, name, sizeof self.kernel_name - 1);
  self.folders = run_folders();
  self.allowed = true;
}

char* publish_region(const char* name, std::uint32_t stride, std::uint32_t count,
                     std::size_t bytes) noexcept {
  if (!self.allowed) return nullptr;
  SpinGuard guard(self.lock);
  if (!self.tried) {
    self.tried = true;
    start_locked();
  }
  if (self.base == nullptr || self.full) return nullptr;
  return region_locked(name, stride, count, bytes);
}

bool publish_ready(char* begin, std::size_t bytes) noexcept {
  SpinGuard guard(self.lock);
  const bool ready = make_ready_locked(begin, bytes);
  self.full = self.full || !ready;
  return ready;
}

void publish_missing() noexcept {
  StateHeader* const header = self.header.load(std::memory_order_acquire);
  if (header != nullptr) header->regions_elsewhere.fetch_add(1, std::memory_order_relaxed);
}

// Ordering: release, with the acquire of readers: what has changed is in the file.
void publish_changed() noexcept {
  StateHeader* const header = self.header.load(std::memory_order_acquire);
  if (header != nullptr) header->generation.fetch_add(1, std::memory_order_release);
}

int publish_error() noexcept { return self.error.load(std::memory_order_relaxed); }

// A child that was forked by a bare system call has its parent's state: that one's file stays.
void publish_stop() noexcept {
  SpinGuard guard(self.lock);
  StateHeader* const header = self.header.load(std::memory_order_relaxed);
  if (header == nullptr || self.folder == nullptr || header->pid != own_pid()) return;
  remove_file_locked();
  self.folder = nullptr;
}

void publish_reset_after_fork() noexcept NO_THREAD_SAFETY_ANALYSIS {
  self.lock.reset_after_fork();
  self.header.store(nullptr, std::memory_order_relaxed);
  self.error.store(0, std::memory_order_relaxed);
  self.tried = false;
  self.full = false;
  if (self.base != nullptr && self.used == 0) {  // another thread was about to begin
    raw_syscall(SYS_munmap, syscall_arg(self.base), static_cast<long>(kPublishBytes));
  } else if (self.base != nullptr) {
    const bool copied = make_private(self.base, self.used, kPublishBytes, self.ready);
    kassert(copied, "no memory in the forked child for {} bytes", self.used);
  }
  self.base = nullptr;
  self.used = 0;
}

}  // namespace ums::kernel

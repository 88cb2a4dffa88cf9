// SPDX-License-Identifier: Apache-2.0
//
// ProcFile: an open file or folder of the emulated /proc (Linux: struct file, with seq_file's way
// of reading). It holds the node, not what the node shows: after proc_remove a file reads EIO and
// a folder lists nothing more.
//
//     ProcFile* const file = TRY(proc_open(ProcPath(), "/proc/ums/17/workers/18/info", O_RDONLY));
//     const std::size_t bytes = TRY(proc_read(*file, to, sizeof text));
//     proc_close(file);
//
// Invariants:
// 1. A text is made by the read that begins at offset 0, and kept for those that go on: parts fit
//    together.
// 2. What proc_readdir stores exists while it is called. Its place is the name that it gave last:
//    entries that come and go elsewhere in the order are neither doubled nor left out.
//
// Thread safety: any thread, several on one file too. Not for signal handlers that interrupted the
// kernel. A file that was open before a fork reads EIO in the child.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "procfs_emul/proc_path.h"
#include "sim_kernel/mm/user_ptr.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

struct ProcFile {
  ProcFile(const ProcPath& opened, int how) noexcept : path(opened), flags(how) {}

  const ProcPath path;
  const int flags;  // of open(2)

  SpinLock<LockRank::kProcFile> lock;
  ProcText text GUARDED_BY(lock);
  std::uint64_t position GUARDED_BY(lock) = 0;        // in the text; of a folder: entries given
  std::uint64_t last_number GUARDED_BY(lock) = 0;     // of a link folder: given last
  std::size_t last_name_length GUARDED_BY(lock) = 0;  // of a folder: given last
  char last_name[kProcNameBytesMax] GUARDED_BY(lock) = {};
};

// What readdir gives (Linux: struct linux_dirent64).
struct ProcDirent {
  std::uint64_t ino;
  std::uint64_t position;            // how many entries came before
  unsigned char type;                // DT_*
  char name[kProcNameBytesMax + 2];  // ends with a zero
};

// Opens what `path` leads to, by open(2)'s flags: the access mode, O_DIRECTORY, O_NOFOLLOW,
// O_CREAT and O_EXCL count. Writing may be asked for. Errors: proc_resolve's (O_CREAT: ENOENT as
// well); EISDIR (a folder for writing); ENOTDIR (O_DIRECTORY); ELOOP (O_NOFOLLOW); EEXIST; ENOMEM.
// Context: may allocate; not in a read section, no lock held.
// Ownership: the caller's, until proc_close.
Result<ProcFile*> proc_open(const ProcPath& base, std::string_view path, int flags) noexcept;
// The same for a path that was found before. ENOENT: a file was removed since.
Result<ProcFile*> proc_open(const ProcPath& found, int flags) noexcept;
void proc_close(ProcFile* file) noexcept;

// Reads from `offset` on, or from the file's position, which moves on. Returns the bytes read, 0 at
// the end. Errors: EBADF (open for writing only), EISDIR, EIO (removed), EACCES (a bad address;
// nothing was read), EINVAL (a negative offset).
// Context: as copy_to_user; no lock held.
Result<std::size_t> proc_read(ProcFile& file, UserPtr<void> to, std::size_t bytes) noexcept;
Result<std::size_t> proc_pread(ProcFile& file, UserPtr<void> to, std::size_t bytes,
                               off_t offset) noexcept;

// Why a file cannot be written: EIO; EBADF if it is not open for that.
Error proc_write(const ProcFile& file) noexcept;

// lseek. A file has no places to go to: ESPIPE. A folder goes back to its beginning with SEEK_SET
// and 0. Returns the position. Errors: EINVAL (a folder, elsewhere).
Result<off_t> proc_lseek(ProcFile& file, off_t offset, int whence) noexcept;

// Which of `events` (poll(2)) are ready: those of reading and writing, always.
short proc_poll(const ProcFile& file, short events) noexcept;

// Stores the next `max` entries of a folder, "." and ".." before all others. Returns how many; 0 at
// the end. Errors: ENOTDIR.
Result<std::size_t> proc_readdir(ProcFile& file, ProcDirent* entries, std::size_t max) noexcept;

// Lets a folder go on behind an entry that it gave, whether that is still there or not (Linux:
// seekdir).
void proc_seek_behind(ProcFile& folder, const ProcDirent& entry) noexcept;

}  // namespace ums::kernel

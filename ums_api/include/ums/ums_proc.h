/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/ums in process: who schedules, who waits, who is next. For programs that look into the
 * kernel they run on, and for their tests. Valid C11 and C++. Link with libums.
 *
 *     /proc/ums/PID/schedulers/TID/info        "Pid:", "State:" and "Switches:", a line each
 *     /proc/ums/PID/schedulers/TID/workers/1   links to the workers that it has dequeued
 *     /proc/ums/PID/workers/TID/info
 *
 * Conventions
 *  1. Results and errno are those of the system calls of the same names on the real files, but
 *     EACCES for a bad address to read to, and EBUSY where the caller is a signal handler that
 *     interrupted a UMS call. Paths are absolute; outside of /proc/ums nothing exists (ENOENT).
 *  2. An open file is no descriptor. It is closed by ums_proc_close, once.
 *  3. With UMS_BACKEND=device, or where the real device serves, the functions pass all to Linux.
 *  4. Any thread may call. In a forked child files of the parent read EIO.
 */
#ifndef UMS_UMS_PROC_H
#define UMS_UMS_PROC_H

#include <dirent.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open file or folder. */
typedef struct ums_proc_file ums_proc_file_t;

/*
 * Opens `path` with the flags of open(2). Returns the file, or NULL: ENOENT, ENOTDIR, ELOOP,
 * ENAMETOOLONG, EISDIR (a folder for writing), EEXIST, ENOMEM. Opening for writing succeeds.
 */
ums_proc_file_t* ums_proc_open(const char* path, int flags);

/* Closes a file. Returns 0, or -1: EBUSY, the file still open. */
int ums_proc_close(ums_proc_file_t* file);

/*
 * Reads on, or from `offset` on. Returns the bytes read, 0 at the end, or -1: EIO (what the file
 * showed is gone), EACCES, EBADF (open for writing only), EISDIR. What is read in parts is one
 * text: it is made by the read at its beginning.
 */
ssize_t ums_proc_read(ums_proc_file_t* file, void* buffer, size_t bytes);
ssize_t ums_proc_pread(ums_proc_file_t* file, void* buffer, size_t bytes, off_t offset);

/* Returns -1: EIO, or EBADF (open for reading only). */
ssize_t ums_proc_write(ums_proc_file_t* file, const void* buffer, size_t bytes);

/* Returns -1: ESPIPE. A folder goes back to its beginning by SEEK_SET to 0. */
off_t ums_proc_lseek(ums_proc_file_t* file, off_t offset, int whence);

/* Which of poll(2)'s `events` are ready: reading and writing always are. */
int ums_proc_poll(ums_proc_file_t* file, int events);

/*
 * Stores the next entry of a folder: "." and "..", then the others by the length of their names
 * and then by their bytes. It exists at this moment. Returns 1; 0 at the end; -1: ENOTDIR.
 */
int ums_proc_readdir(ums_proc_file_t* folder, struct dirent* entry);

/* As stat(2), lstat(2), readlink(2) and chmod(2). */
int ums_proc_stat(const char* path, struct stat* status);
int ums_proc_lstat(const char* path, struct stat* status);
ssize_t ums_proc_readlink(const char* path, char* target, size_t bytes);
int ums_proc_chmod(const char* path, mode_t mode);

/* Return -1: only the kernel makes and removes entries. EPERM; EEXIST or ENOENT. */
int ums_proc_unlink(const char* path);
int ums_proc_mkdir(const char* path, mode_t mode);

#ifdef __cplusplus
}
#endif

#endif /* UMS_UMS_PROC_H */

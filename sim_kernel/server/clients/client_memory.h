// SPDX-License-Identifier: Apache-2.0
//
// The memory of other processes, by process_vm_readv(2) and process_vm_writev(2). A call reads and
// writes that of its thread by user_copy.h, which comes here through address_space.h.
//
// The thread waits for an answer meanwhile, so its id is its own; a call that has slept looks first
// whether it still does. (It may be killed between the look and the copy, and its id be given to a
// new process of the same user: only after all other ids were.)
//
// LIMIT: where the memory is a mapped file of a FUSE file system, Linux fetches a page that it does
// not have from who serves that file system, and nothing interrupts the wait. The kernel process
// then answers nobody; for ever, if who serves it is a program of its own that makes a call which
// the filter catches.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace ums::kernel {

// Copy `bytes` bytes from or to the memory of thread `tid`. False if not all could be.
bool read_client(pid_t tid, void* to, std::uint64_t from, std::size_t bytes) noexcept;
bool write_client(pid_t tid, std::uint64_t to, const void* from, std::size_t bytes) noexcept;

// Copies a text that ends with a zero. Returns its length, or -1: it cannot be read, or is longer
// than `bytes`, its zero included.
long read_client_string(pid_t tid, char* to, std::uint64_t from, std::size_t bytes) noexcept;

}  // namespace ums::kernel

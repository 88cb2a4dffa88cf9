// SPDX-License-Identifier: Apache-2.0
//
// The functions of the C library that libums answers in its place, in a file each:
//
//     interpose_cancel.cpp   pthread_cancel
//     interpose_gettid.cpp   gettid, syscall
//     interpose_mutex.cpp    pthread_mutex_init
//     interpose_setuid.cpp   setuid and its family
//     interpose_sigmask.cpp  pthread_sigmask, sigprocmask
//     interpose_sigqueue.cpp sigqueue
//
// Loading the library calls all of the functions below. They find the C library's own definitions,
// and make the linker take these files out of libums.a, where a program refers to nothing in them
// but libraries that it uses do, or a sanitizer's library defines the same function before.
//
// Thread safety: when the library is loaded.
#pragma once

namespace ums::api {

void interpose_cancel() noexcept;
void interpose_gettid() noexcept;
void interpose_mutex() noexcept;
void interpose_setuid() noexcept;
void interpose_sigmask() noexcept;
void interpose_sigqueue() noexcept;

}  // namespace ums::api

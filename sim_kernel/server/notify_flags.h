// SPDX-License-Identifier: Apache-2.0
//
// What <linux/seccomp.h> of Debian 12 lacks (Linux 6.6): answers that let the thread which waits
// for them run at once, on the CPU of who answers.
//
// Thread safety: constants.
#pragma once

#include <linux/seccomp.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

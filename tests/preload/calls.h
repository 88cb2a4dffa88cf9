/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cases of calls.c say things with. A check that fails ends the process.
 */
#ifndef TESTS_PRELOAD_CALLS_H
#define TESTS_PRELOAD_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

#define CHECK(condition)                                                                   \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      fprintf(stderr, "calls: line %d: not %s (errno %d)\n", __LINE__, #condition, errno); \
      _exit(1);                                                                            \
    }                                                                                      \
  } while (0)

#define FAILS(call, error)   \
  do {                       \
    errno = 0;               \
    CHECK((call) == -1);     \
    CHECK(errno == (error)); \
  } while (0)

/* What Linux adds to the flags of every file. */
#if defined(__aarch64__)
enum { LARGE_FILE = 0x20000 };
#else
enum { LARGE_FILE = 0x8000 };
#endif

static inline int device_open(void) {
  const int fd = open("/dev/ums", O_RDONLY);
  CHECK(fd >= 0);
  return fd;
}

static inline int new_list(int fd) {
  ums_comp_list_id_t id = -1;
  CHECK(ioctl(fd, IOCTL_CREATE_UMS_CLIST, &id) == 0);
  return id;
}

static inline int ends_well(pid_t child) {
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif

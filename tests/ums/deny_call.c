// SPDX-License-Identifier: Apache-2.0
//
// deny_call CALL PROGRAM ARGUMENTS...: runs a program in which the system call CALL fails with
// EPERM, as in a sandbox. Where CALL is "addfd", it is the ioctl SECCOMP_IOCTL_NOTIF_ADDFD, which
// fails with EINVAL, as where Linux does not know it.
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int deny(scmp_filter_ctx filter, const char* name) {
  if (strcmp(name, "addfd") == 0) {
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_EQ, SECCOMP_IOCTL_NOTIF_ADDFD));
  }
  const int call = seccomp_syscall_resolve_name(name);
  if (call == __NR_SCMP_ERROR) return -EINVAL;
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
}

int main(int count, char** words) {
  if (count < 3) return 2;
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == NULL || deny(filter, words[1]) != 0 || seccomp_load(filter) != 0) {
    fprintf(stderr, "deny_call: cannot deny %s\n", words[1]);
    return 2;
  }
  execvp(words[2], words + 2);
  perror(words[2]);
  return 127;
}

// SPDX-License-Identifier: Apache-2.0
//
// deny_call CALL PROGRAM ARGUMENTS...: runs a program in which the system call CALL fails with
// EPERM, as in a sandbox.
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char** words) {
  if (count < 3) return 2;
  const int call = seccomp_syscall_resolve_name(words[1]);
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (call == __NR_SCMP_ERROR || filter == NULL ||
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) != 0 || seccomp_load(filter) != 0) {
    fprintf(stderr, "deny_call: cannot deny %s\n", words[1]);
    return 2;
  }
  execvp(words[2], words + 2);
  perror(words[2]);
  return 127;
}

// SPDX-License-Identifier: Apache-2.0
//
// misuse_program [ignore | block]: makes calls that fail, the last of them one that the real module
// does not survive: it deletes a list twice. Prints "alive" then. SIGABRT is ignored or blocked.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <ums/ums_ioctl.h>

int main(int count, char** words) {
  if (count > 1 && strcmp(words[1], "ignore") == 0) signal(SIGABRT, SIG_IGN);
  if (count > 1 && strcmp(words[1], "block") == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGABRT);
    sigprocmask(SIG_BLOCK, &set, NULL);
  }
  const int fd = open("/dev/ums", O_RDONLY);
  ums_comp_list_id_t list = 0;
  ioctl(fd, 0x5401, 0x10);
  ioctl(fd, IOCTL_ENTER_UMS, 0x10);
  ioctl(fd, IOCTL_CREATE_UMS_CLIST, &list);
  const struct enter_ums_mode_args args = {ENTER_UMS_SCHED, list};
  ioctl(fd, IOCTL_ENTER_UMS, &args);  // keeps the list
  ioctl(fd, IOCTL_DELETE_UMS_CLIST, list);
  ioctl(fd, IOCTL_DELETE_UMS_CLIST, list);
  puts("alive");
  return 0;
}

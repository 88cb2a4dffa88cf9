// SPDX-License-Identifier: Apache-2.0
//
// attach_program: two programs that meet on the file of one of them.
//
//     attach_program worker [SOCKET]     opens the device, prints its process id, and becomes a
//                                        worker of its list 1, after it has sent the descriptor to
//                                        who connects to SOCKET; prints "executed" when it is
//     attach_program scheduler SOCKET    executes the worker there until it ends; prints "done"
//     attach_program hidden              cannot be looked into but by root, and finds no device
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

static int fd;

static void call(unsigned long request, const void* argument) {
  if (ioctl(fd, request, argument) == 0) return;
  fprintf(stderr, "request %#lx: %s\n", request, strerror(errno));
  exit(1);
}

// A message of one byte and one descriptor.
struct message {
  char byte;
  struct iovec content;
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  struct msghdr header;
};

static void prepare(struct message* message) {
  memset(message, 0, sizeof *message);
  message->content.iov_base = &message->byte;
  message->content.iov_len = 1;
  message->header.msg_iov = &message->content;
  message->header.msg_iovlen = 1;
  message->header.msg_control = message->control;
  message->header.msg_controllen = sizeof message->control;
}

static int socket_at(const char* path, int (*attach)(int, const struct sockaddr*, socklen_t)) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  if (attach(made, (const struct sockaddr*)&address, sizeof address) == 0) return made;
  perror(path);
  exit(1);
}

static void send_descriptor(int listening) {
  struct message message;
  prepare(&message);
  struct cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(control), &fd, sizeof fd);
  const int peer = accept(listening, NULL, NULL);
  if (sendmsg(peer, &message.header, 0) != 1) exit(1);
}

static void receive_descriptor(const char* path) {
  struct message message;
  prepare(&message);
  const int peer = socket_at(path, connect);
  if (recvmsg(peer, &message.header, 0) != 1) exit(1);
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message.header)), sizeof fd);
}

static void be_worker(const char* path) {
  fd = open("/dev/ums", O_RDONLY);
  ums_comp_list_id_t list = 0;
  call(IOCTL_CREATE_UMS_CLIST, &list);
  const int listening = path != NULL ? socket_at(path, bind) : -1;
  if (path != NULL) listen(listening, 1);
  printf("%d\n", (int)getpid());
  fflush(stdout);
  if (path != NULL) send_descriptor(listening);
  const struct enter_ums_mode_args args = {ENTER_UMS_WORK, list};
  call(IOCTL_ENTER_UMS, &args);
  call(IOCTL_UMS_YIELD, "");
  puts("executed");
  call(IOCTL_EXIT_UMS, NULL);
}

static void be_scheduler(const char* path) {
  receive_descriptor(path);
  const struct enter_ums_mode_args args = {ENTER_UMS_SCHED, 1};
  call(IOCTL_ENTER_UMS, &args);
  struct ums_sched_event event;
  call(IOCTL_UMS_SCHED_DQEVENT, &event);
  do {
    struct dequeue_ums_complist_args batch = {1, 0};
    call(IOCTL_DEQUEUE_UMS_CLIST, &batch);
    call(IOCTL_EXEC_UMS_CTX, (const void*)(intptr_t)batch.ums_context);
    call(IOCTL_UMS_SCHED_DQEVENT, &event);
  } while (event.type != THREAD_TERMINATED);
  puts("done");
}

static void hide(void) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (open("/dev/ums", O_RDONLY) >= 0) exit(2);
}

int main(int count, char** words) {
  const char* const path = count > 2 ? words[2] : NULL;
  if (strcmp(words[1], "hidden") == 0) {
    hide();
  } else if (strcmp(words[1], "scheduler") == 0) {
    be_scheduler(path);
  } else {
    be_worker(path);
  }
  return 0;
}

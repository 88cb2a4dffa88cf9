/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another build of the user library: the functions of ums.h by open and ioctl alone, as a library
 * for the real module is written. It knows nothing of this project but the two interfaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <ums.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

struct start {
  ums_completion_list_t list;
  void* (*function)(void*);
  void* argument;
};

static int device = -1;
static pthread_key_t worker;

static void leave(void* unused) {
  (void)unused;
  ioctl(device, IOCTL_EXIT_UMS);
}

static void open_device(void) { device = open("/dev/ums", O_RDONLY | O_CLOEXEC); }

static void open_in_child(void) {
  close(device);
  open_device();
}

__attribute__((constructor)) static void load(void) {
  open_device();
  pthread_key_create(&worker, leave);
  pthread_atfork(NULL, NULL, open_in_child);
}

__attribute__((destructor)) static void unload(void) { close(device); }

static int fail(int error) {
  errno = error;
  return -1;
}

int create_ums_completion_list(ums_completion_list_t* list) {
  return list == NULL ? fail(EFAULT) : ioctl(device, IOCTL_CREATE_UMS_CLIST, list);
}

int delete_ums_completion_list(ums_completion_list_t* list) {
  if (list == NULL) return fail(EFAULT);
  if (ioctl(device, IOCTL_DELETE_UMS_CLIST, *list) != 0) return -1;
  *list = 0;
  return 0;
}

static void* run(void* passed) {
  const struct start start = *(struct start*)passed;
  free(passed);
  struct enter_ums_mode_args enter = {ENTER_UMS_WORK, start.list};
  if (ioctl(device, IOCTL_ENTER_UMS, &enter) != 0) return NULL;
  pthread_setspecific(worker, &worker);
  return start.function(start.argument);
}

int ums_pthread_create(pthread_t* thread, ums_attr_t* attributes, void* (*function)(void*),
                       void* argument) {
  if (attributes == NULL || function == NULL) return fail(EFAULT);
  struct start* const start = malloc(sizeof *start);
  if (start == NULL) return EAGAIN;
  *start = (struct start){attributes->completion_list, function, argument};
  const int error = pthread_create(thread, attributes->pthread_attr, run, start);
  if (error != 0) free(start);
  return error;
}

static void call(const ums_scheduler_startup_info_t* info, const struct ums_sched_event* event) {
  ums_activation_t activation;
  switch (event->type) {
    case SCHEDULER_STARTUP:
      info->ums_scheduler_entry_point(UMS_SCHEDULER_STARTUP, NULL, info->scheduler_param);
      break;
    case THREAD_YIELD:
      activation.context = event->yield_params.context;
      info->ums_scheduler_entry_point(UMS_SCHEDULER_THREAD_YIELD, &activation,
                                      event->yield_params.scheduler_params);
      break;
    case THREAD_TERMINATED:
      activation.context = event->end_params.context;
      info->ums_scheduler_entry_point(UMS_SCHEDULER_THREAD_END, &activation, NULL);
      break;
  }
}

int enter_ums_scheduling_mode(ums_scheduler_startup_info_t* info) {
  if (info == NULL) return fail(EFAULT);
  const ums_scheduler_startup_info_t own = *info;
  struct enter_ums_mode_args enter = {ENTER_UMS_SCHED, own.completion_list};
  if (ioctl(device, IOCTL_ENTER_UMS, &enter) != 0) return -1;
  struct ums_sched_event event;
  for (;;) {
    if (ioctl(device, IOCTL_UMS_SCHED_DQEVENT, &event) == 0) {
      call(&own, &event);
    } else if (errno != EINTR) {
      return -1;
    }
  }
}

int dequeue_ums_completion_list_items(ums_completion_list_t list, ums_context_t* out) {
  if (out == NULL) return fail(EFAULT);
  struct dequeue_ums_complist_args args = {list, 0};
  if (ioctl(device, IOCTL_DEQUEUE_UMS_CLIST, &args) != 0) return -1;
  *out = args.ums_context;
  return 0;
}

ums_context_t get_next_ums_list_item(ums_context_t context) {
  struct ums_next_context_list_args args = {context, 0};
  if (ioctl(device, IOCTL_NEXT_UMS_CTX_LIST, &args) != 0) return -1;
  return args.ums_next_context == -1 ? 0 : args.ums_next_context;
}

int execute_ums_thread(ums_context_t context) { return ioctl(device, IOCTL_EXEC_UMS_CTX, context); }

int ums_thread_yield(void* parameter) { return ioctl(device, IOCTL_UMS_YIELD, parameter); }

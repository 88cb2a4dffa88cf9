/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exploration in process: runs a function again and again, each time with its threads in another
 * order, until it fails. C++ programs include ums/explore.hpp. Valid C11 and C++. Link with
 * libums-sim, which stands in for libums and answers the thread functions of the C library.
 *
 *     struct ums_explore_options options = {1000, 0, "default", NULL, 0};
 *     struct ums_explore_result result;
 *     if (ums_explore(&options, body, argument, &result) != 0) ...errno...
 *     if (result.verdict != UMS_EXPLORE_PASSED) puts(result.schedule);
 *     ums_explore_result_free(&result);
 *
 * Conventions:
 * 1. The function is called in a thread of its own. What it leaves behind in variables that outlive
 *    it, it finds again: it is to clean up.
 * 2. The threads that it makes end before an execution does, whether it joins them or not.
 * 3. Of a deadlock, and of an execution that has not ended after so many steps, the threads wait
 *    for ever, with the locks that they have.
 */
#ifndef UMS_UMS_EXPLORE_H
#define UMS_UMS_EXPLORE_H

#ifdef __cplusplus
extern "C" {
#endif

struct ums_explore_options {
  unsigned long long executions; /* at most */
  unsigned long long seed;
  /* "default", "random", "pct" (or "pct:DEPTH"), "pos", "round-robin", "exhaustive" (or
   * "exhaustive:PREEMPTIONS"); NULL: the default */
  const char* strategy;
  const char* replay;       /* the schedule of the only execution; NULL: none */
  unsigned long long steps; /* an execution of more has failed; 0: 1000000 */
};

enum ums_explore_verdict {
  UMS_EXPLORE_PASSED,
  UMS_EXPLORE_FAILED,    /* the function returned 0 */
  UMS_EXPLORE_DEADLOCK,  /* nobody could go on */
  UMS_EXPLORE_STRAYED,   /* the schedule to be replayed is of another program, version or input */
  UMS_EXPLORE_STEP_LIMIT /* it has not ended after `steps` steps: a livelock, or it takes more */
};

struct ums_explore_result {
  enum ums_explore_verdict verdict;
  int complete;                  /* there are no other executions */
  unsigned long long executions; /* that were run */
  unsigned long long schedules;  /* among them that differ */
  unsigned long long steps;      /* in all of them */
  char* schedule;                /* of the last one, if it failed; else "" */
  char* report; /* of a deadlock, or at the step limit: what each task waits for; else "" */
};

/*
 * Runs `body(argument)`, which returns 0 where it has failed, until it fails.
 * Returns 0; -1 with errno: EINVAL (no such strategy, or `replay` is no schedule), EBUSY (the
 * caller is part of an exploration), ENOSYS (the thread functions that the program calls are
 * another library's: link libums-sim before it), ENOMEM.
 * Context: any thread, one at a time in a process.
 * Ownership: the caller frees the result.
 */
int ums_explore(const struct ums_explore_options* options, int (*body)(void* argument),
                void* argument, struct ums_explore_result* result);
void ums_explore_result_free(struct ums_explore_result* result);

#ifdef __cplusplus
}
#endif

#endif

// SPDX-License-Identifier: Apache-2.0
//
// captured_program: threads that wait in all the ways that a simulation knows. It prints what they
// do in turn, and reads a line of its input. `named`: makes a call that no simulation controls.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

static int to_child[2];
static int to_main[2];
static atomic_int signals;

static void count(int signal) {
  (void)signal;
  signals++;
}

static int say_turns(void* name) {
  for (int i = 0; i < 3; i++) {
    flockfile(stdout);
    fputs(name, stdout);
    thrd_yield();
    printf("%d ", i);
    funlockfile(stdout);
  }
  return 0;
}

static void* answer(void* unused) {
  char byte = 0;
  usleep(1000);
  while (read(to_main[0], &byte, 1) == 1 && byte != 'e') write(to_child[1], &byte, 1);
  return unused;
}

static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

// Asks the thread that answers, which must go on while the first waits for this process.
static int child(void) {
  char byte = 'q';
  write(to_main[1], &byte, 1);
  return read(to_child[0], &byte, 1) == 1 && byte == 'q' ? 5 : 6;
}

static void wait_for_child(void) {
  pthread_t thread;
  int status = 0;
  pthread_create(&thread, NULL, answer, NULL);
  const pid_t pid = fork();
  if (pid == 0) _exit(child());
  waitpid(pid, &status, 0);
  printf("child %d ", WEXITSTATUS(status));
  write(to_main[1], "e", 1);
  pthread_join(thread, NULL);
}

static void interrupt_and_cancel(void) {
  pthread_t thread;
  void* result = NULL;
  pthread_create(&thread, NULL, wait_for_ever, NULL);
  usleep(1000);
  pthread_kill(thread, SIGUSR1);
  alarm(3600);
  printf("slept %d ", 7200 - (int)sleep(7200));
  pthread_cancel(thread);
  pthread_join(thread, &result);
  printf("signals %d cancelled %d ", signals, result == PTHREAD_CANCELED);
}

int main(int argc, char** argv) {
  char line[64];
  thrd_t threads[2];
  if (argc > 1 && strcmp(argv[1], "named") == 0) return system("true") | system("true");
  signal(SIGUSR1, count);
  signal(SIGALRM, count);
  if (pipe(to_child) != 0 || pipe(to_main) != 0) return 1;
  thrd_create(&threads[0], say_turns, "a");
  thrd_create(&threads[1], say_turns, "b");
  thrd_join(threads[0], NULL);
  thrd_join(threads[1], NULL);
  wait_for_child();
  interrupt_and_cancel();
  if (fgets(line, sizeof line, stdin) != NULL) printf("read %s", line);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// explored_program MODE: threads whose order decides whether the program ends well.
//
//   wake      a consumer that looks, and then waits, without a lock over both: the wake-up is lost
//   lock      two mutexes in opposite order
//   partial   the same, while the first thread goes on for a while
//   status    exit status 3 if the second thread comes first
//   crash     the same, and a null pointer
//   livelock  two threads that let each other go first, for ever
//   back_off  ends well unless the threads go in lock step: each takes one of two mutexes, and
//             gives it back where the other has the second
//   try       ends well unless one thread alone goes on: both try to lock until they have
//   long      ends well, after many steps of one thread that are all the same
//   wait      a thread that lets others go first, alone and for ever
//   loop      a thread that waits for a flag in a loop
//   file      a lock of a file that this process holds itself through another descriptor
//   pipe      exit status 3 if a pipe is looked at before something is written there
//   splice    an empty pipe, by a call that is not controlled
//   shell     ends well, with a call that is not controlled
//   fork      ends well, and forks a child with threads of its own
//   alone     ends well: a child is forked, and there is no other thread
//   talk      prints many lines, and exits with status 3
//   parent    kills the process that has started it
//   starve    a thread that takes a lock again and again until another has had it
//   unjoined  threads that nobody joins
//   forks     ends well: two threads fork, while others wait
//   assert    an assertion fails if the second thread comes first
//   deep      endless recursion, if the second thread comes first
//   orphan    leaves a process behind, which would wait for ORPHAN_SECONDS
//   few       a consumer that wants more than it gets: no wake-up is lost
//   shared    a semaphore that a child process would post
//   flock     exit status 3 if one thread finds the lock of LOCK_FILE that the other has
//   owner     a thread ends with a mutex that another waits for
//   barrier   two threads come to a barrier of three
//   unload    threads that a library ends when it is unloaded
//   pid       another thing than the schedule decides: the process's id
//   well      ends well in any order
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

void start_threads(void);  // explored_library.c

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t two = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t three;
static volatile int flag;
static int turns;

static int look(void) {
  pthread_mutex_lock(&one);
  const int seen = flag;
  pthread_mutex_unlock(&one);
  return seen;
}

static void* consume(void* unused) {
  if (look() == 0) {
    pthread_mutex_lock(&one);
    pthread_cond_wait(&ready, &one);
    pthread_mutex_unlock(&one);
  }
  return unused;
}

static void* produce(void* unused) {
  pthread_mutex_lock(&one);
  flag = 1;
  pthread_cond_signal(&ready);
  pthread_mutex_unlock(&one);
  return unused;
}

static void* lock_both(void* two_first) {
  pthread_mutex_t* first = two_first != NULL ? &two : &one;
  pthread_mutex_t* second = two_first != NULL ? &one : &two;
  pthread_mutex_lock(first);
  pthread_mutex_lock(second);
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
  return NULL;
}

// Returns which turn it is.
static int take_turn_of(pthread_mutex_t* mutex) {
  pthread_mutex_lock(mutex);
  const int turn = turns++;
  pthread_mutex_unlock(mutex);
  return turn;
}

static int take_turn(void) { return take_turn_of(&one); }

static void* come_first(void* unused) {
  take_turn();
  return unused;
}

static void* exit_if_first(void* unused) {
  if (take_turn() == 0) exit(3);
  return unused;
}

__attribute__((always_inline)) static inline void write_there(volatile int* there) { *there = 1; }

static void* crash_if_first(void* unused) {
  if (take_turn() == 0) write_there(unused);
  return unused;
}

static void* assert_not_first(void* unused) {
  assert(take_turn() == 1);
  return unused;
}

static int recurse(volatile int* depth) {
  volatile char frame[4096] = {(char)(*depth)++};
  return recurse(depth) + frame[0];
}

static void* recurse_if_first(void* unused) {
  volatile int depth = 0;
  if (take_turn() == 0) recurse(&depth);
  return unused;
}

static void* leave_process(void* unused) {
  if (fork() == 0) execlp("sleep", "sleep", getenv("ORPHAN_SECONDS"), (char*)NULL);
  return unused;
}

static void* let_other_go_first(void* unused) {
  while (flag == 0) sched_yield();
  return unused;
}

static void* wait_for_nobody(void* unused) {
  for (;;) sched_yield();
  return unused;
}

static void* lock_both_or_none(void* two_first) {
  pthread_mutex_t* const first = two_first != NULL ? &two : &one;
  pthread_mutex_t* const second = two_first != NULL ? &one : &two;
  pthread_mutex_lock(first);
  while (pthread_mutex_trylock(second) != 0) {
    pthread_mutex_unlock(first);
    pthread_mutex_lock(first);
  }
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
  return NULL;
}

static void* try_until_locked(void* unused) {
  while (pthread_mutex_trylock(&one) != 0) {
  }
  take_turn_of(&two);
  pthread_mutex_unlock(&one);
  return unused;
}

static void* look_again_and_again(void* unused) {
  while (look() == 0) {
  }
  return unused;
}

static void* wait_in_loop(void* unused) {
  while (flag == 0) {
  }
  return unused;
}

static void* lock_file(void* unused) {
  FILE* const file = tmpfile();
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
  const int other = open(path, O_RDWR);
  struct flock lock = {.l_type = F_WRLCK};
  fcntl(fileno(file), F_OFD_SETLKW, &lock);
  fcntl(other, F_OFD_SETLKW, &lock);
  return unused;
}

static void* splice_nothing(void* unused) {
  int from[2];
  int to[2];
  if (pipe(from) == 0 && pipe(to) == 0) splice(from[0], NULL, to[1], NULL, 1, 0);
  return unused;
}

static void* run_shell(void* unused) {
  if (system("exit 3") != 3 << 8) exit(4);
  return unused;
}

static void* talk(void* unused) {
  for (int i = 1; i < 1000; ++i) printf("this is line %d\n", i);
  exit(3);
  return unused;
}

static void* kill_parent(void* unused) {
  kill(getppid(), SIGTERM);
  return unused;
}

static int ends[2];

static void* write_to_pipe(void* unused) {
  if (write(ends[1], "x", 1) != 1) abort();
  return unused;
}

static void* exit_if_empty(void* unused) {
  char byte;
  if (read(ends[0], &byte, 1) != 1) exit(3);
  return unused;
}

static void* take_many_turns(void* unused) {
  for (int i = 0; i < 10; ++i) take_turn();
  return unused;
}

static void* take_pid_turns(void* unused) {
  for (int i = getpid() % 1009; i >= 0; --i) take_turn();
  return unused;
}

static void* take_very_many_turns(void* unused) {
  for (int i = 0; i < 20000; ++i) take_turn_of(&two);
  return unused;
}

// Not `one`: another thread may have it when this one forks.
static void* take_in_child(void* unused) {
  for (int i = 0; i < 10; ++i) {
    pthread_mutex_lock(&two);
    pthread_mutex_unlock(&two);
  }
  return unused;
}

static void* fork_threads(void* unused) {
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, take_in_child, NULL);
    take_in_child(NULL);
    pthread_join(thread, NULL);
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) sched_yield();
  if (status != 0) abort();
  return unused;
}

static void* fork_and_wait(void* unused) {
  const pid_t child = fork();
  if (child == 0) {
    pthread_mutex_lock(&two);
    pthread_mutex_unlock(&two);
    _exit(3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 3 << 8) exit(4);
  return unused;
}

static void* consume_more(void* unused) {
  for (int i = 0; i < 3; ++i) {
    pthread_mutex_lock(&one);
    while (turns == 0) pthread_cond_wait(&ready, &one);
    --turns;
    pthread_mutex_unlock(&one);
  }
  return unused;
}

static void* produce_few(void* unused) {
  for (int i = 0; i < 2; ++i) {
    pthread_mutex_lock(&one);
    ++turns;
    pthread_cond_signal(&ready);
    pthread_mutex_unlock(&one);
  }
  return unused;
}

static void* wait_for_child(void* unused) {
  sem_t* const posted =
      mmap(NULL, sizeof *posted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sem_init(posted, 1, 0);
  const pid_t child = fork();
  if (child == 0) {
    pause();
    sem_post(posted);
    _exit(0);
  }
  sem_wait(posted);
  waitpid(child, NULL, 0);
  return unused;
}

static void* lock_file_at_once(void* unused) {
  const int file = open(getenv("LOCK_FILE"), O_RDONLY);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) exit(3);
  flock(file, LOCK_UN);
  close(file);
  return unused;
}

static void* lock_for_ever(void* unused) {
  pthread_mutex_lock(&one);
  return unused;
}

static void* come_to_barrier(void* unused) {
  pthread_barrier_wait(&three);
  return unused;
}

typedef void* (*thread_function)(void*);

static const struct {
  const char* mode;
  thread_function first;
  thread_function second;
} modes[] = {
    {"wake", consume, produce},
    {"lock", lock_both, lock_both},
    {"partial", lock_both, lock_both},
    {"status", come_first, exit_if_first},
    {"crash", come_first, crash_if_first},
    {"livelock", let_other_go_first, let_other_go_first},
    {"back_off", lock_both_or_none, lock_both_or_none},
    {"try", try_until_locked, try_until_locked},
    {"long", take_very_many_turns, come_first},
    {"wait", wait_for_nobody, come_first},
    {"loop", wait_in_loop, produce},
    {"file", lock_file, produce},
    {"pipe", write_to_pipe, exit_if_empty},
    {"splice", splice_nothing, produce},
    {"shell", run_shell, come_first},
    {"talk", talk, come_first},
    {"parent", kill_parent, come_first},
    {"starve", look_again_and_again, produce},
    {"unjoined", come_first, come_first},
    {"assert", come_first, assert_not_first},
    {"deep", come_first, recurse_if_first},
    {"orphan", leave_process, come_first},
    {"few", consume_more, produce_few},
    {"shared", wait_for_child, come_first},
    {"flock", lock_file_at_once, lock_file_at_once},
    {"owner", lock_for_ever, lock_for_ever},
    {"barrier", come_to_barrier, come_to_barrier},
    {"forks", fork_and_wait, fork_and_wait},
    {"unload", come_first, come_first},
    {"pid", take_pid_turns, come_first},
    {"fork", fork_threads, take_many_turns},
    {"well", come_first, come_first},
};

int main(int argc, char** argv) {
  pthread_t a;
  pthread_t b;
  if (gettid() != getpid()) return 5;
  pthread_barrier_init(&three, NULL, 3);
  if (argc > 1 && strcmp(argv[1], "alone") == 0) return fork_and_wait(NULL) != NULL;
  for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; ++i) {
    if (strcmp(argv[1], modes[i].mode) != 0) continue;
    const int locks = modes[i].first == lock_both || modes[i].first == lock_both_or_none;
    if (strcmp(argv[1], "pipe") == 0 && pipe2(ends, O_NONBLOCK) != 0) return 2;
    if (strcmp(argv[1], "unload") == 0) start_threads();
    pthread_create(&a, NULL, modes[i].first, NULL);
    pthread_create(&b, NULL, modes[i].second, locks ? "two first" : NULL);
    for (int i = 0; i < 200 && strcmp(argv[1], "partial") == 0; ++i) sched_yield();
    if (strcmp(argv[1], "unjoined") == 0) return 0;
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
  }
  fprintf(stderr, "usage: explored_program MODE\n");
  return 2;
}

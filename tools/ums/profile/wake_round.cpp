// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/profile/wake_round.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ums::command {

void go_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  sched_setaffinity(0, sizeof set, &set);
}

WakeRound::WakeRound(int cpu) : other_([this, cpu] { answer(cpu); }) {}

WakeRound::~WakeRound() {
  set(kEnd);
  other_.join();
}

void WakeRound::answer(int cpu) {
  go_to(cpu);
  const sched_param priority{};
  sched_setscheduler(0, SCHED_BATCH, &priority);
  for (;;) {
    wait_while(kCaller);
    if (turn_.load() == kEnd) return;
    set(kCaller);
  }
}

void WakeRound::set(Turn turn) {
  turn_.store(turn);
  syscall(SYS_futex, &turn_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void WakeRound::wait_while(Turn turn) {
  while (turn_.load() == turn) {
    syscall(SYS_futex, &turn_, FUTEX_WAIT_PRIVATE, static_cast<int>(turn), nullptr, nullptr, 0);
  }
}

}  // namespace ums::command

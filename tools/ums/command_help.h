// SPDX-License-Identifier: Apache-2.0
//
// The texts of --help below the options.
//
// Thread safety: constants.
#pragma once

namespace ums::command {

inline constexpr const char* kRunHelp =
    "The program sees a UMS device, though Linux has none. It is found in PATH; what stands after\n"
    "it, or after --, is its own.\n"
    "\n"
    "Machines:\n"
    "  server     The default. A kernel process answers the program, and all programs that it\n"
    "             executes and forks, of any kind: their system calls come there by seccomp(2).\n"
    "             So programs inside get no privileges from set-user-id files.\n"
    "  parallel   The UMS kernel is loaded into the program's own process (LD_PRELOAD), at full\n"
    "             speed. The program must be dynamically linked, for this machine and the C "
    "library\n"
    "             of this system, and must not get privileges by being executed. What it executes\n"
    "             in its turn, such as the commands of a script, gets the device too, unless it "
    "is\n"
    "             statically linked: this cannot be foreseen, and such a program finds no device.\n"
    "  simulated  As parallel, but all threads of the program, its first one too, are run by one,\n"
    "             in an order that is chosen at random: a seed is an execution, and comes again.\n"
    "             Clocks read virtual time. A deadlock is reported, and ends the program "
    "(SIGABRT).\n"
    "             With --cpus the threads are on so many virtual CPUs, each with a clock of its "
    "own,\n"
    "             and have turns of 4 ms as an operating system gives them, unless there is a "
    "--seed.\n"
    "\n"
    "The parallel and the simulated machine set LD_PRELOAD, UMS_BACKEND and ASAN_OPTIONS "
    "(verify_asan_link_order=0, "
    "for programs that\n"
    "gcc has built with AddressSanitizer), and keeps what is there of the first and last; --log\n"
    "and --strace set UMS_LOG and UMS_STRACE.\n"
    "\n"
    "This is not a security boundary: a program that wants to get around it can.\n"
    "\n"
    "Exit status: that of the program, or\n"
    "  125  if ums run itself fails\n"
    "  126  if the program cannot be executed\n"
    "  127  if the program is not found\n"
    "\n"
    "Examples: ums run --machine parallel -- ./prog ARGS\n"
    "          ums run --machine simulated --cpus 16 --time -- ./prog ARGS\n"
    "See ums-run(1).";

inline constexpr const char* kExploreHelp =
    "Runs the program again and again on the simulated machine, each time in a process of its own\n"
    "and in another order of its threads' steps, until one run fails: by its exit status, a "
    "signal,\n"
    "a report of the UMS kernel, a deadlock, steps without end, or a wait for something outside.\n"
    "Then the schedule is simplified, the steps that matter are named, and a replay string is\n"
    "printed. The program must be dynamically linked; its standard input is empty.\n"
    "\n"
    "Strategies:\n"
    "  default     Goes after reads that have not been seen to see some write.\n"
    "  random      Each time, all threads that can go on are equally likely to.\n"
    "  pct         Threads have priorities, and change them at --depth - 1 steps: finds a failure "
    "of\n"
    "              that depth with a probability that can be told.\n"
    "  pos         Steps have priorities: orders of steps on the same object are sampled.\n"
    "  round-robin Threads take turns, a step each: one order only.\n"
    "  exhaustive  All orders that can be told apart, or all with at most so many preemptions.\n"
    "\n"
    "Exit status:\n"
    "  0    no schedule failed\n"
    "  1    one failed\n"
    "  125  the program cannot be explored\n"
    "\n"
    "Example:  ums explore --seconds 60 --jobs 4 -- ./prog ARGS\n"
    "See ums-explore(1).";

inline constexpr const char* kReplayHelp =
    "Runs the program as the schedule says that `ums explore` has printed: STRING, or FILE which\n"
    "holds it. The same program, arguments, input and libraries give the same run. What was wrong\n"
    "is said on standard error.\n"
    "\n"
    "Exit status: that of the program; 128 and the signal that ended it; 1 if it was ended "
    "because\n"
    "it could not go on; 125 if the schedule is of another program.\n"
    "\n"
    "Example:  ums replay 2:9c3f2a10:3df085:3.2,1.0 -- ./prog ARGS\n"
    "See ums-explore(1).";

inline constexpr const char* kDoctorHelp =
    "Tries what the UMS kernel needs from this system, and prints one line for each: whether it\n"
    "works, and what to do if not. Nothing is changed.\n"
    "\n"
    "  ok       works\n"
    "  limited  something works slower, or not at all; the line says what\n"
    "  FAIL     ums run cannot work here; ums run --machine parallel may\n"
    "\n"
    "Exit status: 0 if no line says FAIL, else 1.\n"
    "See ums(1).";

inline constexpr const char* kProfileHelp =
    "Measures what a system call, a context switch, a wake-up and so on cost on this machine, and\n"
    "prints it as a profile for --profile of ums run and ums explore. That takes a moment, and is\n"
    "right where nothing else runs.\n"
    "\n"
    "Example:  ums profile > here.profile; ums run --machine simulated --cpus 8 --profile "
    "here.profile -- ./prog\n"
    "See ums-run(1).";

inline constexpr const char* kPsHelp =
    "Lists the UMS kernels of this user: those in a program's own process (embedded), and kernel\n"
    "processes with the processes that they serve.\n"
    "\n"
    "Kernels are found by their files in $XDG_RUNTIME_DIR/ums, or in ums-UID in $TMPDIR or /tmp.\n"
    "\n"
    "Exit status: 0, also if there is none; 1 if a file there cannot be read.\n"
    "See ums(1).";

inline constexpr const char* kTreeHelp =
    "Prints /proc/ums of all UMS kernels of this user as tree(1) would: for each open device file\n"
    "its schedulers and workers, with their states, and the links from schedulers to the workers\n"
    "that they have dequeued.\n"
    "\n"
    "Example:  ums tree 4711        what process 4711 has there\n"
    "\n"
    "Exit status: 0, also if no kernel runs; 1 if PATH is not there, or something cannot be read.\n"
    "See ums(1).";

inline constexpr const char* kCatHelp =
    "Prints files of /proc/ums of the UMS kernels of this user, one after the other.\n"
    "\n"
    "Example:  ums cat 4711/workers/4713/info /proc/ums/4711/schedulers/4712/info\n"
    "\n"
    "Exit status: 0; 1 if one of them cannot be read.\n"
    "See ums(1).";

inline constexpr const char* kTopHelp =
    "Shows what the UMS kernels of this user do, again and again: on a terminal in place, else "
    "one\n"
    "block after the other. Ends with q or control-C.\n"
    "\n"
    "  SWITCHES/S  how often a scheduler has executed a worker, in a second\n"
    "  SHARE       of the switches of all schedulers of its process\n"
    "  workers     running, suspended in a list, and dequeued (ready to be executed)\n"
    "\n"
    "Exit status: 0; 1 if something cannot be read.\n"
    "See ums(1).";

inline constexpr const char* kHelp =
    "ums COMMAND --help tells more of each.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage; of ums run see there.";

}  // namespace ums::command

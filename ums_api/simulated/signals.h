// SPDX-License-Identifier: Apache-2.0
//
// Signals in a simulation, for the functions that are interposed elsewhere (signals.cpp). Each
// returns false where the call is the C library's.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

#include <csignal>

#include "ums_api/src/next_symbol.h"

namespace ums::api {

bool answer_sigqueue(pid_t pid, int signal, sigval value);
bool answer_tgkill(pid_t pid, pid_t tid, int signal);
bool answer_kill(pid_t pid, int signal);

using SigmaskSymbol = NextSymbol<int(int, const sigset_t*, sigset_t*)>;

// Makes the C library's call, and lets handlers run that it has made way for.
bool answer_sigmask(SigmaskSymbol& change, int how, const sigset_t* set, sigset_t* old,
                    int& result);

}  // namespace ums::api

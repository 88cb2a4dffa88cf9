// SPDX-License-Identifier: Apache-2.0
//
// UMS_ON_FILE: a function of stdio that locks its FILE inside, in a simulation (stdio_locks.h).
//
//     UMS_ON_FILE(int, fputs, (const char* text, FILE* file), (text, file), await_file(file))
//
// The functions have other names here than their symbols: the headers of optimised programs define
// some of these inline, or as macros.
#pragma once

#include "ums_api/simulated/stdio_locks.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

#define UMS_ON_FILE(result, name, parameters, arguments, wait)          \
  constinit ums::api::NextSymbol<result parameters> next_##name{#name}; \
  UMS_EXPORT result ums_##name parameters asm(#name);                   \
  result ums_##name parameters {                                        \
    ums::api::wait;                                                     \
    return next_##name arguments;                                       \
  }

// The same with variable arguments, for which the function `next` takes a list. A call of `call`
// returns what that does.
#define UMS_ON_FILE_FORMATTED(result, name, parameters, last, call, wait) \
  UMS_EXPORT result ums_##name parameters asm(#name);                     \
  result ums_##name parameters {                                          \
    ums::api::wait;                                                       \
    va_list list;                                                         \
    va_start(list, last);                                                 \
    const result value = call;                                            \
    va_end(list);                                                         \
    return value;                                                         \
  }

// SPDX-License-Identifier: Apache-2.0
//
// UMS_HOOK: a function that the compiler calls from instrumented code. It keeps the registers that
// any C function keeps, and is nobody's to declare.
#pragma once

#include "ums_api/src/export.h"

#define UMS_HOOK UMS_EXPORT

// Where in the program it was called.
#define UMS_HOOK_PC __builtin_return_address(0)

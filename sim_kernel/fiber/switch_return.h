// SPDX-License-Identifier: Apache-2.0
//
// UMS_SWITCH_RETURN: for functions that return after a switch of stacks.
//
//     UMS_EXPORT UMS_SWITCH_RETURN int ums_thread_yield(void* param) { ...
//
// A processor predicts a `ret` by the calls that it has seen last. After a switch these were the
// other stack's: the `ret` of the function that switched goes astray, and so do those of its
// callers, one for each call that was made over there. Each costs 5 to 8 ns, in a cycle of 80. With
// this attribute a function returns by an indirect jump, which is predicted by where it went the
// last times, and leaves the other predictions to those they belong to.
//
// gcc on x86-64 only (-mfunction-return, with a thunk that jumps); nothing elsewhere.
//
// Thread safety: concerns generated code only.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define UMS_HAVE_SWITCH_RETURN 1
#define UMS_SWITCH_RETURN __attribute__((function_return("thunk-extern")))
#else
#define UMS_HAVE_SWITCH_RETURN 0
#define UMS_SWITCH_RETURN
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program can tell the simulated machine (`ums explore`, `ums run --machine simulated`).
 * Elsewhere, on the real device too, these functions do nothing: they may stay in a program. Valid
 * C11 and C++. Link with libums.
 */
#ifndef UMS_UMS_SIM_H
#define UMS_UMS_SIM_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Another thread may go on here. For programs that share memory without locks and are not built
 * with -fsanitize=thread: call it before each access whose order matters.
 * Context: any thread; in the simulated machine it may switch.
 */
void ums_sim_point(void);

/*
 * The calling thread has computed for `nanoseconds` of virtual time, on the virtual CPU that it is
 * on. No real time passes.
 * Context: any thread; does not switch, but on virtual CPUs (`ums run --cpus`), where threads take
 * turns and others go first that are behind.
 */
void ums_sim_compute(unsigned long long nanoseconds);

#ifdef __cplusplus
}
#endif

#endif

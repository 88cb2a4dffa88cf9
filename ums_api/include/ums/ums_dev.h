/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UMS device in process: open, ioctl and close for programs that talk to the device themselves
 * and have no /dev/ums. Valid C11 and C++. Link with libums.
 *
 * Conventions
 *  1. Results and errno are those of open(2), ioctl(2), dup(2) and close(2).
 *  2. A descriptor is a real one, so it collides with no other of the program, and fcntl(2) works
 *     on it. Only these functions see the device behind it: close it with ums_dev_close.
 *  3. With UMS_BACKEND=device, or where the real device serves, the functions pass all to it.
 *  4. Any thread may call; ioctls may sleep as the device's do. In a forked child an inherited
 *     descriptor of the simulation answers EBADF.
 */
#ifndef UMS_UMS_DEV_H
#define UMS_UMS_DEV_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Opens the device `path` ("/dev/ums"); another path is opened as open(2) does.
 * Returns a descriptor, or -1: EACCES (not O_RDONLY), ENOMEM (this thread's first file is still
 * open, or no memory), EMFILE, and what open(2) gives for odd flags.
 */
int ums_dev_open(const char* path, int flags);

/*
 * Performs `request` (ums/ums_ioctl.h) with one optional argument, a pointer or an integer.
 * Returns 0, or -1 and errno: the request's own errors, EBADF (not open), EBUSY (the calling thread
 * is inside the device already: a signal handler), 524 (no such request). On a descriptor that is
 * not the device's it is ioctl(2).
 */
int ums_dev_ioctl(int fd, unsigned long request, ...);

/*
 * Another descriptor of the same open file. Returns it, or -1 as dup(2), or with EBUSY as
 * ums_dev_ioctl.
 */
int ums_dev_dup(int fd);

/*
 * Closes a descriptor. The last one releases the open file, once no thread is inside it: its lists,
 * schedulers and workers are gone. Threads suspended in it stay so. Returns 0, or -1 as close(2),
 * or with EBUSY, the file still open, as ums_dev_ioctl.
 */
int ums_dev_close(int fd);

#ifdef __cplusplus
}
#endif

#endif /* UMS_UMS_DEV_H */

// SPDX-License-Identifier: Apache-2.0
//
// Positions, states and ends of stdio's files, in a simulation: see stdio_locks.h.
#include <cstdarg>
#include <cstdio>
#include <cwchar>

#include "ums_api/simulated/stdio_entries.h"

UMS_ON_FILE(int, fclose, (FILE * file), (file), await_file(file))
UMS_ON_FILE(FILE*, freopen, (const char* path, const char* mode, FILE* file), (path, mode, file),
            await_file(file))
UMS_ON_FILE(FILE*, freopen64, (const char* path, const char* mode, FILE* file), (path, mode, file),
            await_file(file))
UMS_ON_FILE(int, fseek, (FILE * file, long offset, int from), (file, offset, from),
            await_file(file))
UMS_ON_FILE(int, fseeko, (FILE * file, off_t offset, int from), (file, offset, from),
            await_file(file))
UMS_ON_FILE(int, fseeko64, (FILE * file, off_t offset, int from), (file, offset, from),
            await_file(file))
UMS_ON_FILE(long, ftell, (FILE * file), (file), await_file(file))
UMS_ON_FILE(off_t, ftello, (FILE * file), (file), await_file(file))
UMS_ON_FILE(off_t, ftello64, (FILE * file), (file), await_file(file))
UMS_ON_FILE(void, rewind, (FILE * file), (file), await_file(file))
UMS_ON_FILE(int, fgetpos, (FILE * file, fpos_t* position), (file, position), await_file(file))
UMS_ON_FILE(int, fgetpos64, (FILE * file, fpos_t* position), (file, position), await_file(file))
UMS_ON_FILE(int, fsetpos, (FILE * file, const fpos_t* position), (file, position), await_file(file))
UMS_ON_FILE(int, fsetpos64, (FILE * file, const fpos_t* position), (file, position),
            await_file(file))
UMS_ON_FILE(int, setvbuf, (FILE * file, char* buffer, int mode, size_t size),
            (file, buffer, mode, size), await_file(file))
UMS_ON_FILE(void, setbuf, (FILE * file, char* buffer), (file, buffer), await_file(file))
UMS_ON_FILE(void, setbuffer, (FILE * file, char* buffer, size_t size), (file, buffer, size),
            await_file(file))
UMS_ON_FILE(void, setlinebuf, (FILE * file), (file), await_file(file))
UMS_ON_FILE(int, feof, (FILE * file), (file), await_file(file))
UMS_ON_FILE(int, ferror, (FILE * file), (file), await_file(file))
UMS_ON_FILE(void, clearerr, (FILE * file), (file), await_file(file))

// What Swift cannot say of processes.
//
// Processes by descriptors (pidfd_open(2), Linux 5.3): a descriptor stands for one process, whoever gets its number later.
#pragma once

#include <stddef.h>
#include <sys/types.h>

/// A descriptor of the process of that number; -1 with errno, ENOSYS where the system has none.
int drydock_process_open(pid_t pid);
/// Sends a signal to the process behind a descriptor: 0, or -1 with errno.
int drydock_process_signal(int descriptor, int signal);
/// Where the current folder of a process lies, as proc(5) says it, with a NUL at the end: its length, or a negative errno.
long drydock_process_folder(pid_t pid, char *out, size_t capacity);

/// This process's variables, as environ(7) has them.
char *const *drydock_environment(void);
/// Becomes another program with these variables, which also say where it is looked for, as execvp(3) does: -1 with errno.
/// The variables are put in place at once; nothing is changed that another thread may be reading.
int drydock_become(const char *file, char *const arguments[], char **environment);

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

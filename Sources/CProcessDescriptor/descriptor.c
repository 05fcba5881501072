#define _GNU_SOURCE
#include "CProcessDescriptor.h"

#include <errno.h>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>

// The same numbers on every architecture; a header older than the kernel does not have them.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int drydock_process_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int drydock_process_signal(int descriptor, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}
#else
int drydock_process_open(pid_t pid) {
  (void)pid;
  errno = ENOSYS;
  return -1;
}

int drydock_process_signal(int descriptor, int signal) {
  (void)descriptor, (void)signal;
  errno = ENOSYS;
  return -1;
}
#endif

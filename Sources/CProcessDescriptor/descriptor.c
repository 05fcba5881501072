#define _GNU_SOURCE
#include "CProcessDescriptor.h"

#include <errno.h>

#ifdef __linux__
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
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

static long read_folder(const char *link, char *out, size_t capacity) {
  ssize_t length = readlink(link, out, capacity - 1);
  if (length < 0) return -errno;
  // What is as long as there is room may be longer.
  if ((size_t)length == capacity - 1) return -ENAMETOOLONG;
  out[length] = 0;
  return length;
}

long drydock_process_folder(pid_t pid, char *out, size_t capacity) {
  char process[64], link[64];
  snprintf(process, sizeof process, "/proc/%ld", (long)pid);
  snprintf(link, sizeof link, "/proc/%ld/cwd", (long)pid);
  long result = read_folder(link, out, capacity);
  struct stat owner;
  if ((result != -EACCES && result != -EPERM) || geteuid() != 0 || stat(process, &owner) != 0) return result;
  // root in a container lacks the right to look into others' processes (CAP_SYS_PTRACE), but may look with the eyes of
  // their user. This is about files alone, and about this thread alone.
  int group = setfsgid(owner.st_gid), user = setfsuid(owner.st_uid);
  result = read_folder(link, out, capacity);
  setfsuid((uid_t)user);
  setfsgid((gid_t)group);
  return result;
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

long drydock_process_folder(pid_t pid, char *out, size_t capacity) {
  (void)pid, (void)out, (void)capacity;
  return -ENOSYS;
}
#endif

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#else
#include <sys/syscall.h>
#endif

#include "keeper.h"

#ifdef __APPLE__
struct identity identify(pid_t pid) {
  struct identity result = {pid, 0};
  struct kinfo_proc info;
  size_t size = sizeof info;
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
  if (sysctl(name, 4, &info, &size, NULL, 0) == 0 && size == sizeof info)
    result.start = (unsigned long long)info.kp_proc.p_starttime.tv_sec * 1000000ULL
                   + (unsigned long long)info.kp_proc.p_starttime.tv_usec;
  return result;
}

void boot_id(char *out, size_t size) {
  if (sysctlbyname("kern.bootsessionuuid", out, &size, NULL, 0) != 0) out[0] = 0;
}
#else
// Reads a small file whole; false when it cannot be read.
static bool read_text(const char *path, char *out, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t count = read(fd, out, size - 1);
  close(fd);
  out[count > 0 ? count : 0] = 0;
  return count > 0;
}

// Field 22 of proc(5)'s stat; the name in field 2 may hold spaces and parentheses.
struct identity identify(pid_t pid) {
  struct identity result = {pid, 0};
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  if (!read_text(path, text, sizeof text)) return result;
  char *at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
  if (at) result.start = strtoull(at + 1, NULL, 10);
  return result;
}

void boot_id(char *out, size_t size) {
  if (!read_text("/proc/sys/kernel/random/boot_id", out, size)) out[0] = 0;
  out[strspn(out, "0123456789abcdefABCDEF-")] = 0;
}
#endif

long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
#endif
  long limit = sysconf(_SC_OPEN_MAX);
  if (limit < 0 || limit > 65536) limit = 65536;
  for (int fd = first; fd < limit; fd++) close(fd);
}

bool write_all(int fd, const void *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t count = write(fd, (const char *)bytes + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += (size_t)count;
  }
  return true;
}

bool read_all(int fd, void *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t count = read(fd, (char *)bytes + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += (size_t)count;
  }
  return true;
}

bool pipe_cloexec(int ends[2]) {
  if (pipe(ends) != 0) return false;
  return fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

// Without this a lock opened by a process that was started without descriptors would become its stdin.
bool fill_standard_descriptors(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return false;
  return true;
}

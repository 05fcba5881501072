#ifdef __linux__
#define _GNU_SOURCE
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

// One step down, from the folder `parent`, which is closed. A link is no step.
static int step(int parent, const char *name, const char *source) {
  // Up is no step either.
  int folder = strcmp(name, "..") == 0 ? (errno = EXDEV, -1)
                                         : openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int reason = errno;
  close(parent);
  errno = reason;
  if (folder < 0) fail("open, without following links,", source);
  return folder;
}

int open_share(const char *source) {
  char path[PATH_MAX];
  if (strlen(source) >= sizeof path) {
    errno = ENAMETOOLONG;
    return fail("use", source);
  }
  strcpy(path, source);
  char *inside = strstr(path, "//");
  if (inside != NULL) *inside = '\0';
  int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return fail("open", source);
  if (inside == NULL) return folder;
  char *rest = NULL;
  for (char *name = strtok_r(inside + 1, "/", &rest); name != NULL && folder >= 0; name = strtok_r(NULL, "/", &rest)) {
    folder = step(folder, name, source);
  }
  return folder;
}

int share_path(const char *source, char *path) {
  char link[64];
  int folder = open_share(source);
  if (folder < 0) return -1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  close(folder);
  if (length < 0) return fail("use", source);
  path[length] = '\0';
  return 0;
}

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

// As <linux/mount.h> has them, which an older system has not.
struct attributes {
  uint64_t set, clear, propagation, namespace;
};
#define NO_SET_ID 2
#define NO_DEVICES 4
#define WITH_ALL_BELOW 0x8000

int tame(const char *target) {
  struct attributes attributes = {.set = NO_SET_ID | NO_DEVICES};
  if (syscall(SYS_mount_setattr, AT_FDCWD, target, WITH_ALL_BELOW, &attributes, sizeof attributes) == 0) return 0;
  // Before Linux 5.12: what the mount has already must be said again, as a user namespace may take none of it away.
  struct statvfs info;
  if (statvfs(target, &info) != 0) return fail("look at", target);
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV;
  if (info.f_flag & ST_RDONLY) flags |= MS_RDONLY;
  if (info.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
  if (info.f_flag & ST_NOATIME) flags |= MS_NOATIME;
  if (info.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
  if (info.f_flag & ST_RELATIME) flags |= MS_RELATIME;
  if (mount(NULL, target, NULL, flags, NULL) != 0) return fail("keep set-id programs and devices out of", target);
  return 0;
}
#else
typedef int no_shares_on_other_systems;
#endif

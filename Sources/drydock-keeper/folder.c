// The folder of one engine's files, held by a descriptor, so that nobody can put another in its place.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper.h"

// Whether nobody but this user can put anything into the folder. Only root has anything to lose by that; and file systems
// without owners exist.
static bool is_own(int folder) {
  struct stat info;
  if (geteuid() != 0) return true;
  if (fstat(folder, &info) != 0) return false;
  errno = EPERM;
  return info.st_uid == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int folder_open(const char *path, const char **name) {
  char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  size_t length = slash ? (size_t)(slash - path) : 0;
  if (length == 0 || length >= sizeof parent || slash[1] == 0) return errno = EINVAL, -1;
  memcpy(parent, path, length);
  parent[length] = 0;
  *name = slash + 1;
  int links = geteuid() == 0 ? O_NOFOLLOW : 0;
  int folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC | links);
  if (folder < 0 || is_own(folder)) return folder;
  int saved = errno;
  close(folder);
  errno = saved;
  return -1;
}

int folder_file(int folder, const char *name, int flags) {
  struct stat info;
  // O_NONBLOCK, as the opening of a pipe would wait; it changes nothing for files.
  int fd = openat(folder, name, flags | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (fd < 0) return -1;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink <= 1) return fd;
  close(fd);
  return errno = EPERM, -1;
}

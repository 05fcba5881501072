#define _GNU_SOURCE

#include "CFileBirth.h"

#include <fcntl.h>
#include <sys/stat.h>

#ifdef __APPLE__
int drydock_file_birth(const char *path, uint64_t *inode, int64_t *born) {
  struct stat info;
  if (stat(path, &info) != 0) return -1;
  *inode = info.st_ino;
  *born = (int64_t)info.st_birthtimespec.tv_sec * 1000000000 + info.st_birthtimespec.tv_nsec;
  return 0;
}
#else
int drydock_file_birth(const char *path, uint64_t *inode, int64_t *born) {
  struct statx info;
  if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &info) != 0) return -1;
  *inode = info.stx_ino;
  *born = 0;
  if (info.stx_mask & STATX_BTIME) *born = (int64_t)info.stx_btime.tv_sec * 1000000000 + info.stx_btime.tv_nsec;
  return 0;
}
#endif

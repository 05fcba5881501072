#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

enum { ATTEMPTS = 5000 };

static int flock_retrying(int fd, int operation) {
  int result;
  do result = flock(fd, operation);
  while (result != 0 && errno == EINTR);
  return result;
}

// Takes the lock exclusively. Only keepers and engines hold it so; drydock looks by a shared lock of a moment.
// A shared lock in the way is therefore waited out, an exclusive one is an engine that runs.
static enum stage take(int fd) {
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (flock_retrying(fd, LOCK_EX | LOCK_NB) == 0) return STAGE_NONE;
    if (errno != EWOULDBLOCK) return STAGE_LOCK_UNSUPPORTED;
    if (flock_retrying(fd, LOCK_SH | LOCK_NB) != 0) return STAGE_LOCK_HELD;
    flock_retrying(fd, LOCK_UN);
    struct timespec pause = {0, 500000 + (getpid() % 97) * 10000};
    nanosleep(&pause, NULL);
  }
  return STAGE_LOCK_HELD;
}

int lock_acquire(int folder, const char *name, enum stage *stage) {
  *stage = STAGE_LOCK_OPEN;
  int fd = folder_file(folder, name, O_RDWR | O_CREAT);
  if (fd < 0) return -1;
  *stage = take(fd);
  if (*stage == STAGE_NONE) return fd;
  int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

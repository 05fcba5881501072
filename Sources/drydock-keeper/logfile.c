// The engine's output, bounded: at the limit the file becomes NAME.1 and a new one is begun.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper.h"

static int open_log(int folder, const char *name) {
  return folder_file(folder, name, O_WRONLY | O_CREAT | O_APPEND);
}

bool logfile_open(struct logfile *log, int folder, const char *name, long long limit) {
  struct stat info;
  log->folder = folder;
  log->name = name;
  log->limit = limit;
  log->fd = open_log(folder, name);
  if (log->fd < 0 || fstat(log->fd, &info) != 0) return false;
  log->size = info.st_size;
  return true;
}

// Where the file cannot be renamed it is emptied: the bound matters more than the old lines.
static void rotate(struct logfile *log) {
  char older[NAME_MAX + 1];
  int named = snprintf(older, sizeof older, "%s.1", log->name);
  bool moved = named > 0 && (size_t)named < sizeof older
               && renameat(log->folder, log->name, log->folder, older) == 0;
  int fresh = moved ? open_log(log->folder, log->name) : -1;
  if (fresh >= 0) {
    close(log->fd);
    log->fd = fresh;
  } else if (ftruncate(log->fd, 0) != 0) {
    return;
  }
  log->size = 0;
}

// What cannot be written (a full disk) is dropped: an engine must never wait for its log.
void logfile_write(struct logfile *log, const char *bytes, size_t size) {
  if (log->size > 0 && log->size + (long long)size > log->limit) rotate(log);
  for (size_t done = 0; done < size;) {
    ssize_t count = write(log->fd, bytes + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    done += (size_t)count;
    log->size += count;
  }
}

// The engine's output, bounded: at the limit the file becomes NAME.1 and a new one is begun.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper.h"

enum { LAST_WORDS = 4096 };

// Room for last words where the disk is full by then. What the file system does not reserve is done without.
static void reserve(int fd) {
#ifdef __linux__
  struct stat info;
  if (fstat(fd, &info) == 0) (void)fallocate(fd, FALLOC_FL_KEEP_SIZE, info.st_size, LAST_WORDS);
#else
  (void)fd;
#endif
}

static int open_log(int folder, const char *name) {
  int fd = folder_file(folder, name, O_WRONLY | O_CREAT | O_APPEND);
  if (fd >= 0) reserve(fd);
  return fd;
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

// How many of the bytes are whole records.
static size_t whole_records(const char *bytes, size_t size) {
  while (size > 0 && bytes[size - 1] != '\n') size--;
  return size;
}

// What fits into the file, in whole records; one record at least.
static size_t fitting(const struct logfile *log, const char *bytes, size_t size) {
  long long room = log->limit - log->size;
  size_t part = room <= 0 ? 0 : (long long)size <= room ? size : whole_records(bytes, (size_t)room);
  if (part > 0) return part;
  const char *end = memchr(bytes, '\n', size);
  return end ? (size_t)(end - bytes) + 1 : size;
}

// A record that was cut is taken back: the next one has to begin on a line of its own.
static size_t take_back(struct logfile *log, const char *bytes, size_t written) {
  size_t whole = whole_records(bytes, written);
  off_t at = lseek(log->fd, 0, SEEK_CUR);
  if (at < 0 || ftruncate(log->fd, at - (off_t)(written - whole)) != 0) return written;
  log->size -= (long long)(written - whole);
  return whole;
}

size_t logfile_append(struct logfile *log, const char *bytes, size_t size) {
  size_t part = fitting(log, bytes, size);
  if (log->size > 0 && log->size + (long long)part > log->limit) {
    rotate(log);
    part = fitting(log, bytes, size);
  }
  ssize_t count;
  do count = write(log->fd, bytes, part);
  while (count < 0 && errno == EINTR);
  if (count <= 0) return 0;
  log->size += count;
  if ((size_t)count == part) return part;
  errno = ENOSPC;
  return take_back(log, bytes, (size_t)count);
}

// A machine that went down may have left half a record.
void logfile_mend(struct logfile *log) {
  char last = '\n';
  int fd = folder_file(log->folder, log->name, O_RDONLY);
  if (fd < 0) return;
  if (log->size > 0 && pread(fd, &last, 1, (off_t)log->size - 1) == 1 && last != '\n' && write(log->fd, "\n", 1) == 1)
    log->size++;
  close(fd);
}

// A command of an engine's own tools, executed as the engine's user and with the limits of drydock's caller.
//
// drydock has threads and cannot drop its rights between fork and exec: changing the user is, to the C library, a matter
// of all threads, and in a child it may wait for ever for one that only the parent has.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"

enum { MOST_GROUPS = 1024 };

// Reads a number and what ends it; false for anything but digits up to a limit.
static bool read_number(const char **text, unsigned long long limit, unsigned long long *number) {
  char *end;
  errno = 0;
  *number = strtoull(*text, &end, 10);
  if (**text < '0' || **text > '9' || errno != 0 || *number > limit) return false;
  *text = end;
  return true;
}

static bool read_whole_number(const char *text, unsigned long long limit, unsigned long long *number) {
  return text && read_number(&text, limit, number) && *text == '\0';
}

// Reads ids between commas. Returns how many, or -1.
static int read_groups(const char *text, gid_t *groups) {
  for (int count = 0; text && count < MOST_GROUPS; text++) {
    unsigned long long id;
    if (!read_number(&text, UINT_MAX - 1, &id)) return -1;
    groups[count++] = (gid_t)id;
    if (*text == '\0') return count;
    if (*text != ',') return -1;
  }
  return -1;
}

static int fail(const char *what, const char *which, int status) {
  fprintf(stderr, "cannot %s %s: %s\n", what, which, strerror(errno));
  return status;
}

static int usage(void) {
  static const char text[] =
      "usage: drydock-keeper [--in PID START] [--files N] [--as UID GID GROUP[,GROUP...]] PROGRAM [ARGUMENT...]\n";
  write_all(STDERR_FILENO, text, sizeof text - 1);
  return EX_USAGE;
}

void limit_files(long long files) {
  struct rlimit limit;
  if (files < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = (rlim_t)files < limit.rlim_max ? (rlim_t)files : limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Becomes the user of `UID GID GROUPS`; an exit status if it cannot, 0 otherwise.
static int become(char **arguments) {
  unsigned long long uid, gid;
  gid_t groups[MOST_GROUPS];
  int count;
  if (!read_whole_number(arguments[0], UINT_MAX - 1, &uid) || uid == 0
      || !read_whole_number(arguments[1], UINT_MAX - 1, &gid) || (count = read_groups(arguments[2], groups)) < 0)
    return usage();
  if (setgroups((size_t)count, groups) != 0 || setgid((gid_t)gid) != 0 || setuid((uid_t)uid) != 0)
    return fail("become user", arguments[0], EX_NOPERM);
  return 0;
}

int run_command(char **arguments) {
  unsigned long long files, pid, start;
  if (strcmp(arguments[0], "--in") == 0) {
    if (!read_whole_number(arguments[1], INT_MAX, &pid) || !read_whole_number(arguments[2], ULLONG_MAX, &start))
      return usage();
    if (!enter_overlay((struct identity){.pid = (pid_t)pid, .start = start}))
      return fail("enter the mounts of", arguments[1], EX_OSERR);
    arguments += 3;
    if (!arguments[0]) return usage();
  }
  if (strcmp(arguments[0], "--files") == 0) {
    if (!read_whole_number(arguments[1], LLONG_MAX, &files)) return usage();
    limit_files((long long)files);
    arguments += 2;
  }
  if (arguments[0] && strcmp(arguments[0], "--as") == 0) {
    int status = become(arguments + 1);
    if (status != 0) return status;
    arguments += 4;
  }
  if (!arguments[0] || arguments[0][0] != '/') return usage();
  execv(arguments[0], arguments);
  return fail("execute", arguments[0], errno == ENOENT ? 127 : 126);
}

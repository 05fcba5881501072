// A command of an engine's own tools, executed as the engine's user.
//
// drydock has threads and cannot drop its rights between fork and exec: changing the user is, to the C library, a matter
// of all threads, and in a child it may wait for ever for one that only the parent has.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"

enum { MOST_GROUPS = 1024 };

// Reads an id and what ends it; false for anything but digits within the range of ids.
static bool read_id(const char **text, unsigned *id) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(*text, &end, 10);
  if (**text < '0' || **text > '9' || errno != 0 || value >= (unsigned)-1) return false;
  *id = (unsigned)value;
  *text = end;
  return true;
}

static bool read_whole_id(const char *text, unsigned *id) { return read_id(&text, id) && *text == '\0'; }

// Reads ids between commas. Returns how many, or -1.
static int read_groups(const char *text, gid_t *groups) {
  for (int count = 0; count < MOST_GROUPS; text++) {
    if (!read_id(&text, &groups[count++])) return -1;
    if (*text == '\0') return count;
    if (*text != ',') return -1;
  }
  return -1;
}

static int fail(const char *what, const char *which, int status) {
  fprintf(stderr, "cannot %s %s: %s\n", what, which, strerror(errno));
  return status;
}

int run_as(char **arguments) {
  unsigned uid, gid;
  gid_t groups[MOST_GROUPS];
  int count = -1;
  if (!arguments[0] || !read_whole_id(arguments[0], &uid) || uid == 0 || !arguments[1]
      || !read_whole_id(arguments[1], &gid) || !arguments[2] || (count = read_groups(arguments[2], groups)) < 0
      || !arguments[3] || arguments[3][0] != '/') {
    static const char usage[] = "usage: drydock-keeper --as UID GID GROUP[,GROUP...] PROGRAM [ARGUMENT...]\n";
    write_all(STDERR_FILENO, usage, sizeof usage - 1);
    return EX_USAGE;
  }
  if (setgroups((size_t)count, groups) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
    return fail("become user", arguments[0], EX_NOPERM);
  execv(arguments[3], arguments + 3);
  return fail("execute", arguments[3], errno == ENOENT ? 127 : 126);
}

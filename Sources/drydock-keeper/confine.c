// Keeps the engine from writing anywhere but in the folders that it was given: whoever has made himself its administrator
// may name it log files and directories, and here it may be run by the user whose files those are. Reading is left as it
// is, since engines are installed in all kinds of places.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>

// As <linux/landlock.h> has them, which an older system has not.
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, ASK_VERSION = 1, BENEATH = 1 };
enum {
  WRITE_FILE = 1 << 1,
  // remove and make: directories, files, devices, sockets, pipes, links
  CHANGE = 0x1ff << 4,
  RENAME_ELSEWHERE = 1 << 13,
  TRUNCATE = 1 << 14,
};

struct beneath {
  uint64_t allowed;
  int32_t folder;
} __attribute__((packed));

static bool allow(int rules, const char *path, uint64_t rights) {
  struct beneath rule = {.allowed = rights, .folder = open(path, O_PATH | O_CLOEXEC)};
  struct stat info;
  if (rule.folder < 0) return false;
  // A file has no entries to be made or removed.
  if (fstat(rule.folder, &info) == 0 && !S_ISDIR(info.st_mode)) rule.allowed &= WRITE_FILE | TRUNCATE;
  bool done = syscall(ADD_RULE, rules, BENEATH, &rule, 0) == 0;
  close(rule.folder);
  return done;
}

// Where the system cannot do it the engine runs as it did before there was such a thing.
bool confine(char **writable) {
  if (writable[0] == NULL) return true;
  long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
  // The first version forbids every rename to another directory.
  if (version < 2) return true;
  uint64_t rights = WRITE_FILE | CHANGE | RENAME_ELSEWHERE | (version > 2 ? TRUNCATE : 0);
  int rules = (int)syscall(CREATE_RULESET, &rights, sizeof rights, 0);
  if (rules < 0) return true;
  fcntl(rules, F_SETFD, FD_CLOEXEC);
  bool done = true;
  for (char **path = writable; *path != NULL && done; path++) done = allow(rules, *path, rights) || errno == ENOENT;
  done = done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(RESTRICT_SELF, rules, 0) == 0;
  close(rules);
  return done;
}
#else
bool confine(char **writable) { return writable != NULL; }
#endif

#ifdef __linux__
#define _GNU_SOURCE
#include "mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Arguments as they are put together; a failed allocation ends the program, since nothing can be had then.
struct words {
  char **items;
  size_t count;
};

static void add(struct words *words, const char *word) {
  char **items = realloc(words->items, (words->count + 2) * sizeof *items);
  char *copy = items == NULL ? NULL : strdup(word);
  if (copy == NULL) exit(UNAVAILABLE);
  words->items = items;
  words->items[words->count++] = copy;
  words->items[words->count] = NULL;
}

static void add_all(struct words *words, ...) {
  va_list list;
  va_start(list, words);
  for (const char *word; (word = va_arg(list, const char *)) != NULL;) add(words, word);
  va_end(list);
}

int bubblewrap_works(void) {
  pid_t child = fork();
  if (child < 0) return 0;
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
      dup2(null, 1);
      dup2(null, 2);
    }
    execlp("bwrap", "bwrap", "--dev-bind", "/", "/", "--", "true", (char *)NULL);
    _exit(1);
  }
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The nearest folder above a target that exists, by its real path, with the rest of the target behind it; 0 where the
// target itself is there.
static int find_ancestor(const char *target, char *ancestor, char *full) {
  struct stat info;
  char path[PATH_MAX];
  if (stat(target, &info) == 0) return realpath(target, full) == NULL ? fail("use", target) : 0;
  snprintf(path, sizeof path, "%s", target);
  do {
    char *slash = strrchr(path, '/');
    slash[slash == path ? 1 : 0] = '\0';
  } while (stat(path, &info) != 0 && strcmp(path, "/") != 0);
  if (realpath(path, ancestor) == NULL) return fail("use", path);
  const char *rest = target + (strcmp(path, "/") == 0 ? 0 : strlen(path));
  int length = snprintf(full, PATH_MAX, "%s%s", strcmp(ancestor, "/") == 0 ? "" : ancestor, rest);
  if (length < PATH_MAX) return 1;
  errno = ENAMETOOLONG;
  return fail("use", target);
}

// Lets every entry of a folder appear in the tmpfs that takes its place.
static int add_entries(struct words *words, const char *ancestor) {
  const char *base = strcmp(ancestor, "/") == 0 ? "" : ancestor;
  DIR *folder = opendir(ancestor);
  if (folder == NULL) return fail("read", ancestor);
  struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    char path[PATH_MAX], link[PATH_MAX];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (snprintf(path, sizeof path, "%s/%s", base, entry->d_name) >= PATH_MAX) continue;
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length >= 0) {
      link[length] = '\0';
      add_all(words, "--symlink", link, path, NULL);
    } else {
      add_all(words, "--dev-bind-try", path, path, NULL);
    }
  }
  closedir(folder);
  return 0;
}

static int by_length(const void *left, const void *right) {
  size_t one = strlen(*(char *const *)left), other = strlen(*(char *const *)right);
  return one < other ? -1 : one > other;
}

// The arguments that lay out the file system: the host's, tmpfs where a target is missing, then the folders themselves.
static int lay_out(struct words *words, char **pairs, int count) {
  struct words ancestors = {0}, binds = {0};
  for (int i = 0; i < count; i += 2) {
    char ancestor[PATH_MAX], full[PATH_MAX], source[PATH_MAX];
    if (share_path(pairs[i], source) != 0) return -1;
    int found = find_ancestor(pairs[i + 1], ancestor, full);
    if (found < 0) return -1;
    if (found > 0) add(&ancestors, ancestor);
    // Bubblewrap mounts without set-id programs, and what is no --dev-bind without devices.
    add_all(&binds, "--bind", source, full, NULL);
  }
  // A tmpfs hides what was laid out below it before.
  if (ancestors.count > 1) qsort(ancestors.items, ancestors.count, sizeof *ancestors.items, by_length);
  int changes_root = ancestors.count > 0 && strcmp(ancestors.items[0], "/") == 0;
  if (!changes_root) add_all(words, "--dev-bind", "/", "/", NULL);
  for (size_t i = 0; i < ancestors.count; i++) {
    if (i > 0 && strcmp(ancestors.items[i], ancestors.items[i - 1]) == 0) continue;
    if (strcmp(ancestors.items[i], "/") != 0) add_all(words, "--tmpfs", ancestors.items[i], NULL);
    if (add_entries(words, ancestors.items[i]) != 0) return -1;
  }
  for (size_t i = 0; i < binds.count; i++) add(words, binds.items[i]);
  return 0;
}

int run_in_bubblewrap(char **pairs, int count, const char *folder, char **command) {
  struct words words = {0};
  char number[16];
  int information[2];
  if (pipe2(information, O_CLOEXEC) != 0) return fail("make", "a pipe");
  snprintf(number, sizeof number, "%d", information[1]);
  add_all(&words, "bwrap", "--info-fd", number, NULL);
  if (lay_out(&words, pairs, count) != 0) return -1;
  if (folder != NULL) add_all(&words, "--chdir", folder, NULL);
  add(&words, "--");
  for (; *command != NULL; command++) add(&words, *command);
  return stand_for(words.items, information);
}
#else
typedef int no_bubblewrap_on_other_systems;
#endif

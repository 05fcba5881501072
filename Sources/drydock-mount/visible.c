#ifdef __linux__
#define _GNU_SOURCE
#include "mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Where a new root is put together; any folder that is there on every system does.
#define STAGE "/tmp"
// Where the old root lies while it is copied.
#define OLD "/.drydock-old-root"

static int bind(const char *source, const char *target) {
  // Recursively, because a user namespace may not uncover what lies under a mount.
  if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) != 0) return fail("bind", source);
  return 0;
}

static int make_file(const char *path) {
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail("make", path);
  close(file);
  return 0;
}

// Lets one entry of the folder `from`, reached by the path `base`, appear under the same name in the folder `to`.
static int copy_entry(int from, const char *base, const char *name, const char *to) {
  char source[PATH_MAX], target[PATH_MAX], link[PATH_MAX];
  struct stat info;
  snprintf(source, sizeof source, "%s/%s", base, name);
  snprintf(target, sizeof target, "%s/%s", to, name);
  if (fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  if (S_ISLNK(info.st_mode)) {
    ssize_t length = readlinkat(from, name, link, sizeof link - 1);
    if (length < 0) return fail("read", source);
    link[length] = '\0';
    return symlink(link, target) == 0 ? 0 : fail("make", target);
  }
  if (S_ISDIR(info.st_mode)) {
    if (mkdir(target, 0755) != 0) return fail("make", target);
  } else if (make_file(target) != 0) {
    return -1;
  }
  return bind(source, target);
}

// Lets every entry of a folder appear in another one.
static int copy_entries(int from, const char *base, const char *to) {
  int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? NULL : fdopendir(copy);
  if (folder == NULL) return fail("read", base);
  int result = 0;
  struct dirent *entry;
  while (result == 0 && (entry = readdir(folder)) != NULL) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
      result = copy_entry(from, base, name, to);
    }
  }
  closedir(folder);
  return result;
}

// Makes the folders of `path` that are missing.
static int make_folders(char *path) {
  for (char *end = strchr(path + 1, '/');; end = strchr(end + 1, '/')) {
    if (end != NULL) *end = '\0';
    if (mkdir(path, 0755) != 0 && errno != EEXIST) return fail("make", path);
    if (end == NULL) return 0;
    *end = '/';
  }
}

// Makes a tmpfs the root, with everything of the old root bound into it.
static int shadow_root(void) {
  if (mount("drydock", STAGE, "tmpfs", 0, "mode=0755") != 0) return fail("mount a tmpfs on", STAGE);
  if (mkdir(STAGE OLD, 0700) != 0) return fail("make", STAGE OLD);
  // The tmpfs moves to the root, and what it covered can be seen again.
  if (syscall(SYS_pivot_root, STAGE, STAGE OLD) != 0 || chdir("/") != 0) return fail("change", "the root");
  int old = open(OLD, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (old < 0) return fail("open", "the old root");
  int result = copy_entries(old, OLD, "");
  close(old);
  if (result != 0) return result;
  if (umount2(OLD, MNT_DETACH) != 0 || rmdir(OLD) != 0) return fail("leave", "the old root");
  return 0;
}

// Puts a tmpfs with the same entries in the place of the folder above a missing target.
static int shadow(const char *ancestor) {
  if (strcmp(ancestor, "/") == 0) return shadow_root();
  char base[64];
  int old = open(ancestor, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (old < 0) return fail("open", ancestor);
  snprintf(base, sizeof base, "/proc/self/fd/%d", old);
  if (mount("drydock", ancestor, "tmpfs", 0, "mode=0755") != 0) return fail("mount a tmpfs on", ancestor);
  int result = copy_entries(old, base, ancestor);
  close(old);
  return result;
}

static int bind_share(const char *source, const char *target) {
  char path[64];
  int folder = open_share(source);
  if (folder < 0) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
  int result = mount(path, target, NULL, MS_BIND | MS_REC, NULL) == 0 ? tame(target) : fail("bind", source);
  close(folder);
  return result;
}

int make_visible(const char *source, const char *target) {
  struct stat info;
  char path[PATH_MAX], ancestor[PATH_MAX];
  if (target[0] != '/' || strlen(target) >= sizeof path) {
    errno = EINVAL;
    return fail("use", target);
  }
  strcpy(path, target);
  if (stat(path, &info) != 0) {
    strcpy(ancestor, path);
    do {
      char *slash = strrchr(ancestor, '/');
      slash[slash == ancestor ? 1 : 0] = '\0';
    } while (stat(ancestor, &info) != 0 && strcmp(ancestor, "/") != 0);
    if (shadow(ancestor) != 0 || make_folders(path) != 0) return -1;
  }
  return bind_share(source, path);
}
#else
typedef int nothing_here_on_other_systems_either;
#endif

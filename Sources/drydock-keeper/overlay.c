// A data directory in memory over a frozen one: a mount namespace in which an overlay lies at the directory's path, kept by
// a process that holds the frozen one and ends with another process. Once that and all that entered are gone the kernel
// frees the memory; nothing is to be unmounted, and nothing of it can be left.
//
// Whether the system lets it be is tried, down to a file that is copied up as the user whom it is for.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"

static int refuse(const char *what, int status) {
  fprintf(stderr, "cannot %s: %s\n", what, strerror(errno));
  return status;
}

#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>

enum { MOST_DEPTH = 64 };

// What tells whether a folder is as it was: a change of any file in it leaves a later time that nobody can set.
struct measure {
  unsigned long long entries, bytes, seconds, nanoseconds;
};

static void measure_one(struct measure *all, const struct stat *info) {
  unsigned long long seconds = (unsigned long long)info->st_ctim.tv_sec, rest = (unsigned long long)info->st_ctim.tv_nsec;
  all->entries++;
  if (S_ISREG(info->st_mode)) all->bytes += (unsigned long long)info->st_size;
  if (seconds < all->seconds || (seconds == all->seconds && rest <= all->nanoseconds)) return;
  all->seconds = seconds, all->nanoseconds = rest;
}

// Everything below a folder, which is closed.
static bool measure_below(int fd, struct measure *all, int depth) {
  bool done = true;
  DIR *folder = fdopendir(fd);
  if (!folder) return close(fd), false;
  for (struct dirent *entry; done && (entry = readdir(folder));) {
    struct stat info;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) done = false;
    if (!done) break;
    measure_one(all, &info);
    if (!S_ISDIR(info.st_mode)) continue;
    int inner = depth < MOST_DEPTH ? openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    done = inner >= 0 && measure_below(inner, all, depth + 1);
  }
  closedir(folder);
  return done;
}

static bool measure(const char *path, char *text, size_t size) {
  struct measure all = {0};
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || !measure_below(fd, &all, 0)) return false;
  snprintf(text, size, "%llu-%llu-%llu.%09llu", all.entries, all.bytes, all.seconds, all.nanoseconds);
  return true;
}

int measure_folder(const char *path) {
  char text[128];
  if (!measure(path, text, sizeof text)) return refuse("read the folder", EX_NOINPUT);
  return puts(text) >= 0 && fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static bool write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  bool done = file >= 0 && write_all(file, text, strlen(text));
  if (file >= 0) close(file);
  return done;
}

// A namespace for mounts; its own user namespace gives whoever is not root the right to mount in it, and nothing else:
// the user stays who he is.
static bool enter_new_namespace(void) {
  char line[64];
  uid_t user = geteuid();
  gid_t group = getegid();
  if (unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (user == 0) return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0;
  if (!write_text("/proc/self/setgroups", "deny")) return false;
  snprintf(line, sizeof line, "%u %u 1", user, user);
  if (!write_text("/proc/self/uid_map", line)) return false;
  snprintf(line, sizeof line, "%u %u 1", group, group);
  return write_text("/proc/self/gid_map", line) && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0;
}

static bool make_own(const char *path, uid_t uid, gid_t gid) {
  return mkdir(path, 0700) == 0 && (geteuid() != 0 || chown(path, uid, gid) == 0);
}

// Paths in the options of a mount are separated by these.
static bool is_plain(const char *path) { return path[0] == '/' && path[strcspn(path, ",:\\\"")] == '\0'; }

static bool mount_overlay(const char *frozen, const char *target, uid_t uid, gid_t gid) {
  char upper[PATH_MAX], work[PATH_MAX], options[3 * PATH_MAX + 64];
  int first = snprintf(upper, sizeof upper, "%s/upper", target), second = snprintf(work, sizeof work, "%s/work", target);
  if (!is_plain(frozen) || !is_plain(target) || first >= PATH_MAX || second >= PATH_MAX) return errno = EINVAL, false;
  snprintf(
      options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s,userxattr,volatile", frozen, upper, work);
  return mount("drydock", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") == 0 && make_own(upper, uid, gid)
         && make_own(work, uid, gid) && mount("drydock", target, "overlay", MS_NOSUID | MS_NODEV, options) == 0;
}

// Whether the first file of a folder can be opened to be written, which copies it up.
static bool opens_a_file(const char *target) {
  DIR *folder = opendir(target);
  if (!folder) return false;
  errno = ENOENT;
  int fd = -1;
  for (struct dirent *entry; fd < 0 && (entry = readdir(folder));) {
    struct stat info;
    if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    fd = openat(dirfd(folder), entry->d_name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) break;
  }
  int saved = errno;
  closedir(folder);
  errno = saved;
  return fd >= 0;
}

// The same as the user whom it is for, in a process that ends with it.
static bool can_be_written(const char *target, uid_t uid, gid_t gid) {
  if (geteuid() != 0) return opens_a_file(target);
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    bool is_user = setgroups(1, &gid) == 0 && setgid(gid) == 0 && setuid(uid) == 0;
    _exit(is_user && opens_a_file(target) ? 0 : errno > 0 && errno < 256 ? errno : 255);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return errno == 0;
}

// Holds the template of a frozen folder, which is the folder above: whoever removes it asks for the lock first.
static bool hold_template(const char *frozen) {
  char path[PATH_MAX];
  const char *slash = strrchr(frozen, '/');
  int length = slash ? snprintf(path, sizeof path, "%.*s/in-use", (int)(slash - frozen), frozen) : -1;
  if (length < 0 || length >= PATH_MAX) return errno = EINVAL, false;
  int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0;
}

struct held {
  struct leash leash;
  const char *folder;
};

static int watch(void *context) {
  struct held *held = context;
  // Where the guard of a throw-away instance looks for what it has to end.
  if (chdir(held->folder) != 0) return EX_OSERR;
  ignore_stray_signals();
  signal(SIGTERM, SIG_DFL);
  while (!leash_is_off(&held->leash)) {
    struct pollfd watched = {.fd = held->leash.fd, .events = POLLIN};
    poll(&watched, 1, held->leash.fd < 0 ? 250 : -1);
  }
  return EX_OK;
}

// PID START LOCK FROZEN MEASURE TARGET UID GID
int make_overlay(char **arguments) {
  char found[128], folder[PATH_MAX];
  const char *name, *lock_path = arguments[2], *frozen = arguments[3], *target = arguments[5];
  enum stage stage;
  struct identity holder = {.pid = (pid_t)strtol(arguments[0], NULL, 10), .start = strtoull(arguments[1], NULL, 10)};
  uid_t uid = (uid_t)strtoul(arguments[6], NULL, 10);
  gid_t gid = (gid_t)strtoul(arguments[7], NULL, 10);
  const char *slash = strrchr(lock_path, '/');
  int length = slash ? snprintf(folder, sizeof folder, "%.*s", (int)(slash - lock_path), lock_path) : -1;
  if (holder.pid < 2 || length < 1 || length >= PATH_MAX) return EX_USAGE;
  if (!fill_standard_descriptors()) return EX_OSERR;
  close_from(STDERR_FILENO + 1);
  umask(077);
  int parent = folder_open(lock_path, &name);
  if (parent < 0) return watcher_refuse(STAGE_LOCK_OPEN);
  int lock = lock_acquire(parent, name, &stage);
  if (lock < 0) return watcher_refuse(stage);
  if (!hold_template(frozen)) return refuse("hold the template", EX_TEMPFAIL);
  if (!measure(frozen, found, sizeof found)) return refuse("read the template", EX_DATAERR);
  if (strcmp(found, arguments[4]) != 0) return errno = ESTALE, refuse("use the template", EX_DATAERR);
  if (!enter_new_namespace()) return refuse("make a namespace for mounts", EX_UNAVAILABLE);
  if (!mount_overlay(frozen, target, uid, gid)) return refuse("mount an overlay", EX_UNAVAILABLE);
  if (!can_be_written(target, uid, gid)) return refuse("write in an overlay", EX_UNAVAILABLE);
  struct held held = {leash_open(holder), folder};
  return watcher_begin(lock, holder, watch, &held);
}

static int namespace_of(struct identity holder, const char *kind) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/ns/%s", (long)holder.pid, kind);
  return open(path, O_RDONLY | O_CLOEXEC);
}

bool enter_overlay(struct identity holder) {
  char folder[PATH_MAX];
  if (holder.pid == 0) return true;
  bool is_root = geteuid() == 0;
  int user = is_root ? -1 : namespace_of(holder, "user"), mounts = namespace_of(holder, "mnt");
  // It was opened by its number: whose that is shows only while it is held.
  if (mounts < 0 || (!is_root && user < 0) || identify(holder.pid).start != holder.start) return false;
  // Entering leads to the root folder.
  if (!getcwd(folder, sizeof folder)) return false;
  bool done = (is_root || setns(user, CLONE_NEWUSER) == 0) && setns(mounts, CLONE_NEWNS) == 0 && chdir(folder) == 0;
  int saved = errno;
  close(mounts);
  if (user >= 0) close(user);
  errno = saved;
  return done;
}
#else
int measure_folder(const char *path) {
  (void)path, errno = ENOSYS;
  return refuse("freeze a template", EX_UNAVAILABLE);
}
int make_overlay(char **arguments) {
  (void)arguments, errno = ENOSYS;
  return refuse("mount an overlay", EX_UNAVAILABLE);
}
bool enter_overlay(struct identity holder) {
  errno = ENOSYS;
  return holder.pid == 0;
}
#endif

// Watches over the folder of a throw-away instance: once the process that made it is gone, or by SIGTERM, all that works
// in the folder is killed and the folder is removed.
//
// FOLDER/guard.lock is held meanwhile, and says who holds it. Where there is FOLDER/keep, the end of that process changes
// nothing: the instance stays until SIGTERM.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

enum { MOST_DEPTH = 200, MOST_ROUNDS = 500 };

struct guard {
  struct leash leash;
  const char *path, *name;
  int folder, parent;
};

static volatile sig_atomic_t was_told;

static void on_term(int signal) {
  (void)signal;
  was_told = 1;
}

// Whether a path is the folder or lies in it.
static bool is_within(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0' || path[length] == ' ');
}

#ifdef __linux__
static bool link_target(pid_t pid, const char *name, char *out, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
  ssize_t length = readlink(path, out, size - 1);
  out[length > 0 ? length : 0] = '\0';
  return length > 0;
}

static bool is_this_program(pid_t pid) {
  struct stat own, other;
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
  return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev
         && own.st_ino == other.st_ino;
}

// A keeper works nowhere; the lock that it holds is its first argument.
static bool is_keeper(pid_t pid, const char *folder) {
  char path[64], text[PATH_MAX + 256];
  if (!is_this_program(pid)) return false;
  snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0) close(fd);
  if (length <= 0) return false;
  text[length] = '\0';
  size_t first = strlen(text) + 1;
  return first < (size_t)length && is_within(text + first, folder);
}

// Whether somebody looks at it from a terminal, which nothing that was started there has.
static bool has_terminal(pid_t pid) {
  char path[64], text[1024];
  int terminal = 0;
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  const char *end = strrchr(text, ')');
  return end && sscanf(end + 1, " %*c %*d %*d %*d %d", &terminal) == 1 && terminal != 0;
}

enum { MOST_KILLED = 4096 };

// Processes that were killed, and their users.
struct killed {
  size_t count;
  struct {
    pid_t pid;
    uid_t user;
  } all[MOST_KILLED];
};

static void note(struct killed *killed, pid_t pid) {
  struct stat info;
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld", (long)pid);
  if (killed->count >= MOST_KILLED || stat(path, &info) != 0) return;
  killed->all[killed->count].pid = pid;
  killed->all[killed->count++].user = info.st_uid;
}

// Shared memory of System V has no place in a folder: PostgreSQL makes a little, and when it is killed it stays.
static void remove_shared_memory(const struct killed *killed) {
  char line[512];
  FILE *file = fopen("/proc/sysvipc/shm", "re");
  while (file && fgets(line, sizeof line, file)) {
    int id, maker;
    unsigned long attached, user;
    if (sscanf(line, "%*d %d %*o %*u %d %*d %lu %lu", &id, &maker, &attached, &user) != 4 || attached != 0) continue;
    for (size_t i = 0; i < killed->count; i++)
      if (killed->all[i].pid == maker && killed->all[i].user == user) shmctl(id, IPC_RMID, NULL);
  }
  if (file) fclose(file);
}

// Kills what works in the folder. Returns how many there were.
static size_t end_workers(const char *folder, struct killed *killed) {
  char path[PATH_MAX];
  size_t count = 0;
  DIR *all = opendir("/proc");
  for (struct dirent *entry; all && (entry = readdir(all));) {
    char *end;
    pid_t pid = (pid_t)strtol(entry->d_name, &end, 10);
    if (pid <= 1 || *end != '\0' || pid == getpid()) continue;
    bool works_there = link_target(pid, "cwd", path, sizeof path) && is_within(path, folder);
    if (!(works_there && !has_terminal(pid)) && !is_keeper(pid, folder)) continue;
    note(killed, pid);
    count += kill(pid, SIGKILL) == 0;
  }
  if (all) closedir(all);
  return count;
}
#else
// What was started there has this process on its leash.
struct killed {
  size_t count;
};
static void remove_shared_memory(const struct killed *killed) { (void)killed; }
static size_t end_workers(const char *folder, struct killed *killed) {
  (void)folder, (void)killed;
  return 0;
}
#endif

// Removes what a folder holds, on its own file system and without following a link. Returns whether it is empty.
static bool empty(int fd, dev_t device, int depth) {
  bool is_empty = true;
  DIR *folder = fdopendir(fd);
  if (!folder) return close(fd), false;
  for (struct dirent *entry; (entry = readdir(folder));) {
    struct stat info;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT) continue;
    int inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool is_gone = inner >= 0 && fstat(inner, &info) == 0 && info.st_dev == device && depth < MOST_DEPTH
                   && empty(inner, device, depth + 1) && unlinkat(fd, name, AT_REMOVEDIR) == 0;
    is_empty = is_empty && is_gone;
  }
  closedir(folder);
  return is_empty;
}

static bool remove_folder(const struct guard *guard) {
  struct stat info;
  int fd = openat(guard->parent, guard->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT;
  if (fstat(fd, &info) != 0) return close(fd), false;
  return empty(fd, info.st_dev, 0) && unlinkat(guard->parent, guard->name, AT_REMOVEDIR) == 0;
}

// Containers are removed by the engine whose socket is noted in the folder.
static void end_containers(const struct guard *guard) {
  char socket[PATH_MAX];
  int fd = folder_file(guard->folder, "engine-socket", O_RDONLY);
  ssize_t length = fd >= 0 ? read(fd, socket, sizeof socket - 1) : -1;
  if (fd >= 0) close(fd);
  if (length <= 0) return;
  socket[length] = '\0';
  clear_containers(socket, guard->folder);
}

static int clear(const struct guard *guard) {
  static struct killed killed;
  end_containers(guard);
  for (int round = 0; round < MOST_ROUNDS; round++) {
    // A process that was just being started shows up late.
    size_t workers = end_workers(guard->path, &killed);
    if (workers == 0) remove_shared_memory(&killed);
    if (workers == 0 && remove_folder(guard)) return EX_OK;
    struct timespec pause = {0, round < 20 ? 1000000 : 10000000};
    nanosleep(&pause, NULL);
  }
  return EX_UNAVAILABLE;
}

static bool is_kept(const struct guard *guard) { return faccessat(guard->folder, "keep", F_OK, 0) == 0; }

static int watch(void *context) {
  struct guard *guard = context;
  bool has_to_look = false;
  ignore_stray_signals();
  struct sigaction action = {.sa_handler = on_term};
  sigemptyset(&action.sa_mask);
  sigset_t term, none;
  sigemptyset(&term), sigemptyset(&none);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_SETMASK, &term, NULL);
  sigaction(SIGTERM, &action, NULL);
  while (!was_told) {
    bool is_off = leash_is_off(&guard->leash);
    if (is_off && !is_kept(guard)) break;
    has_to_look = guard->leash.fd < 0 && !is_off;
    struct pollfd watched = {.fd = is_off ? -1 : guard->leash.fd, .events = POLLIN};
#ifdef __linux__
    struct timespec pause = {0, 250000000};
    ppoll(&watched, 1, has_to_look ? &pause : NULL, &none);
#else
    (void)has_to_look;
    sigset_t before;
    sigprocmask(SIG_SETMASK, &none, &before);
    poll(&watched, 1, 250);
    sigprocmask(SIG_SETMASK, &before, NULL);
#endif
  }
  // The removal waits for children of its own by their ends.
  signal(SIGTERM, SIG_IGN);
  sigprocmask(SIG_SETMASK, &none, NULL);
  return clear(guard);
}

int guard_folder(char **arguments) {
  char path[PATH_MAX];
  const char *name;
  enum stage stage;
  struct identity holder = {.pid = (pid_t)strtol(arguments[0], NULL, 10), .start = strtoull(arguments[1], NULL, 10)};
  struct guard guard = {.path = arguments[2]};
  int length = snprintf(path, sizeof path, "%s/guard.lock", guard.path);
  if (holder.pid < 2 || guard.path[0] != '/' || length < 0 || (size_t)length >= sizeof path) return EX_USAGE;
  if (!fill_standard_descriptors()) return EX_OSERR;
  close_from(STDERR_FILENO + 1);
  umask(077);
  guard.parent = folder_open(guard.path, &guard.name);
  guard.folder = folder_open(path, &name);
  if (guard.parent < 0 || guard.folder < 0) return watcher_refuse(STAGE_LOCK_OPEN);
  int lock = lock_acquire(guard.folder, name, &stage);
  if (lock < 0) return watcher_refuse(stage);
  guard.leash = leash_open(holder);
  return watcher_begin(lock, holder, watch, &guard);
}

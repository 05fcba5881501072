// Removes containers once the process that looks after them is gone, by the Docker Engine API.
//
// FOLDER/containers has their ids, one a line; it is read only then, so that others may be added until the end.
// FOLDER/leash.lock is held meanwhile, and says who holds it. SIGTERM ends it without anything being done.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

enum { LONGEST_ID = 128, MOST_CONTAINERS = 4096, AT_ONCE = 16, PATIENCE_S = 10, MOST_TRIES = 8 };

struct removal {
  char id[LONGEST_ID + 1];
  bool is_done;
};

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = PATIENCE_S};
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

// Whether the engine says that the container is gone, or was not there.
static bool is_gone(int fd) {
  char head[16] = {0};
  return read_all(fd, head, 12) && strncmp(head, "HTTP/1.", 7) == 0 && (head[9] == '2' || strcmp(head + 9, "404") == 0);
}

// In a process of its own, which may hang: an engine that does not answer costs it its life, and no other container its end.
static void remove_container(const char *socket, const char *id) {
  char request[LONGEST_ID + 128];
  alarm(2 * PATIENCE_S);
  int length = snprintf(
      request, sizeof request,
      "DELETE /containers/%s?force=1&v=1 HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n", id);
  int fd = connect_to(socket);
  _exit(fd >= 0 && write_all(fd, request, (size_t)length) && is_gone(fd) ? EXIT_SUCCESS : EXIT_FAILURE);
}

// Tries those once that are left, some at a time. Returns how many are left then.
static size_t remove_all(const char *socket, struct removal *all, size_t count) {
  size_t left = 0, next = 0;
  pid_t at_work[AT_ONCE] = {0};
  size_t which[AT_ONCE];
  for (bool more = true; more;) {
    more = false;
    for (int i = 0; i < AT_ONCE; i++) {
      while (next < count && all[next].is_done) next++;
      if (at_work[i] == 0 && next < count) {
        which[i] = next++;
        if ((at_work[i] = fork()) == 0) remove_container(socket, all[which[i]].id);
        if (at_work[i] < 0) at_work[i] = 0;
      }
      more = more || at_work[i] > 0;
    }
    int status;
    pid_t ended = more ? waitpid(-1, &status, 0) : 0;
    for (int i = 0; ended > 0 && i < AT_ONCE; i++)
      if (at_work[i] == ended) at_work[i] = 0, all[which[i]].is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  for (size_t i = 0; i < count; i++) left += !all[i].is_done;
  return left;
}

// Ids are letters and digits; names, which would do too, have these besides.
static bool is_id(const char *text, size_t length) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return length > 0 && length <= LONGEST_ID && text[0] != '.' && strspn(text, letters) >= length;
}

static struct removal *read_list(int folder, size_t *count) {
  char line[LONGEST_ID + 2];
  *count = 0;
  struct removal *all = calloc(MOST_CONTAINERS, sizeof *all);
  int fd = folder_file(folder, "containers", O_RDONLY);
  FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
  while (all && file && *count < MOST_CONTAINERS && fgets(line, sizeof line, file)) {
    size_t length = strcspn(line, "\n");
    line[length] = '\0';
    if (is_id(line, length)) memcpy(all[(*count)++].id, line, length + 1);
  }
  if (file) fclose(file);
  return all;
}

int clear_containers(const char *socket, int folder) {
  size_t count;
  struct removal *all = read_list(folder, &count);
  size_t left = all ? remove_all(socket, all, count) : 0;
  for (int i = 1; left > 0 && i < MOST_TRIES; i++) {
    struct timespec pause = {.tv_sec = i / 2, .tv_nsec = i == 1 ? 200000000 : 0};
    nanosleep(&pause, NULL);
    left = remove_all(socket, all, count);
  }
  if (all && left == 0) unlinkat(folder, "containers", 0);
  free(all);
  return left == 0 ? EX_OK : EX_UNAVAILABLE;
}

struct watched_containers {
  struct leash leash;
  const char *socket;
  int folder;
};

static int watch(void *context) {
  struct watched_containers *containers = context;
  ignore_stray_signals();
  signal(SIGTERM, SIG_DFL);
  while (!leash_is_off(&containers->leash)) {
    struct pollfd watched = {.fd = containers->leash.fd, .events = POLLIN};
    poll(&watched, 1, containers->leash.fd < 0 ? 250 : -1);
  }
  signal(SIGTERM, SIG_IGN);
  return clear_containers(containers->socket, containers->folder);
}

static bool detach_all(void) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  return null >= 0 && setsid() >= 0 && chdir("/") == 0 && dup2(null, STDIN_FILENO) >= 0
         && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0;
}

int watcher_refuse(enum stage stage) {
  char text[512];
  struct outcome outcome = {.stage = stage, .error = errno};
  write_all(STDOUT_FILENO, text, (size_t)outcome_json(&outcome, text, sizeof text));
  return stage == STAGE_LOCK_HELD ? EX_TEMPFAIL : EX_OSERR;
}

// The watcher: it says by a byte that it has left the session of whoever asked, which ends with him.
static int begin_watching(int ready[2], int (*watch)(void *), void *context) {
  close(ready[0]);
  if (!detach_all() || !write_all(ready[1], "", 1)) return EX_OSERR;
  close(ready[1]);
  return watch(context);
}

// Whoever asks is told the number once the lock says it too, and nothing that is done to this process's session reaches the
// watcher any more.
int watcher_begin(int lock, struct identity holder, int (*watch)(void *), void *context) {
  char text[128];
  int ready[2];
  if (!pipe_cloexec(ready)) return watcher_refuse(STAGE_FORK);
  pid_t pid = fork();
  if (pid < 0) return watcher_refuse(STAGE_FORK);
  if (pid == 0) _exit(begin_watching(ready, watch, context));
  close(ready[1]);
  bool is_ready = read_all(ready[0], text, 1);
  close(ready[0]);
  if (!is_ready) return watcher_refuse(STAGE_FORK);
  struct identity watcher = identify(pid);
  int length = snprintf(
      text, sizeof text, "{\"pid\":%ld,\"start\":%llu,\"holder\":{\"pid\":%ld,\"start\":%llu}}\n", (long)watcher.pid,
      watcher.start, (long)holder.pid, holder.start);
  if (ftruncate(lock, 0) != 0 || pwrite(lock, text, (size_t)length, 0) != length) {
    kill(pid, SIGKILL);
    return watcher_refuse(STAGE_RECORD);
  }
  return write_all(STDOUT_FILENO, text, (size_t)length) ? EX_OK : EX_IOERR;
}

int keep_containers(char **arguments) {
  char path[PATH_MAX];
  const char *name;
  enum stage stage;
  struct identity holder = {.pid = (pid_t)strtol(arguments[0], NULL, 10), .start = strtoull(arguments[1], NULL, 10)};
  int length = snprintf(path, sizeof path, "%s/leash.lock", arguments[3]);
  if (holder.pid < 2 || arguments[2][0] != '/' || path[0] != '/' || length < 0 || (size_t)length >= sizeof path)
    return EX_USAGE;
  if (!fill_standard_descriptors()) return EX_OSERR;
  close_from(STDERR_FILENO + 1);
  umask(077);
  int folder = folder_open(path, &name);
  if (folder < 0) return watcher_refuse(STAGE_LOCK_OPEN);
  int lock = lock_acquire(folder, name, &stage);
  if (lock < 0) return watcher_refuse(stage);
  struct watched_containers containers = {leash_open(holder), arguments[2], folder};
  return watcher_begin(lock, holder, watch, &containers);
}

// The processes that descend from this one, whatever session they made their own.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

// The parent of a process, from /proc/PID/stat, where a name in parentheses may hold anything; -1 if it is gone.
static pid_t parent_of(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  FILE *file = fopen(path, "re");
  if (!file) return -1;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  const char *end = strrchr(text, ')');
  long parent;
  return end && sscanf(end + 1, " %*c %ld", &parent) == 1 ? (pid_t)parent : -1;
}

// All processes; `count` says how many. NULL without memory.
static struct process *processes(size_t *count) {
  struct process *all = NULL;
  size_t room = 0;
  *count = 0;
  DIR *folder = opendir("/proc");
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    char *end;
    long pid = strtol(entry->d_name, &end, 10);
    if (pid <= 0 || *end != '\0') continue;
    if (*count == room) {
      room = room ? 2 * room : 256;
      struct process *larger = realloc(all, room * sizeof *all);
      if (!larger) break;
      all = larger;
    }
    all[(*count)++] = (struct process){.pid = (pid_t)pid, .parent = parent_of((pid_t)pid)};
  }
  if (folder) closedir(folder);
  return all;
}

static bool is_child_of_ours(const struct process *all, size_t count, pid_t parent) {
  bool ours = parent == getpid();
  for (size_t i = 0; i < count && !ours; i++) ours = all[i].ours && all[i].pid == parent;
  return ours;
}

struct process *descendants(size_t *count) {
  size_t found = 0;
  struct process *all = processes(count);
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < *count; i++)
      if (!all[i].ours && is_child_of_ours(all, *count, all[i].parent)) all[i].ours = more = true;
  }
  for (size_t i = 0; i < *count; i++)
    if (all[i].ours) all[found++] = all[i];
  *count = found;
  return all;
}

static void kill_descendants(pid_t main) {
  size_t count;
#ifndef __linux__
  kill(-main, SIGKILL);
#endif
  (void)main;
  struct process *all = descendants(&count);
  for (size_t i = 0; i < count; i++) kill(all[i].pid, SIGKILL);
  free(all);
}

// A process that hangs in the kernel is not waited for: the kill reaches it when it comes back.
enum { MOST_ROUNDS = 500 };

void end_descendants(pid_t main, int *main_status) {
  // One that forks while it is looked for is met in the next round, as a child of this process.
  for (int round = 0; round < MOST_ROUNDS; round++) {
    int status;
    pid_t ended;
    kill_descendants(main);
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
      if (ended == main) *main_status = status;
    if (ended < 0 && errno == ECHILD) return;
    struct timespec pause = {0, round < 10 ? 1000000 : 10000000};
    nanosleep(&pause, NULL);
  }
}

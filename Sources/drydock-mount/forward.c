#ifdef __linux__
#define _GNU_SOURCE
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// bwrap says {"child-pid": N, ...} and closes its end.
static pid_t read_child(int file) {
  char text[512];
  size_t used = 0;
  ssize_t got;
  while (used < sizeof text - 1 && (got = read(file, text + used, sizeof text - 1 - used)) != 0) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) used += (size_t)got;
  }
  text[used] = '\0';
  const char *key = strstr(text, "\"child-pid\"");
  const char *colon = key == NULL ? NULL : strchr(key, ':');
  return colon == NULL ? 0 : (pid_t)atol(colon + 1);
}

// Ends as the command did.
static int end_as(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  sigset_t all;
  sigfillset(&all);
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
  sigprocmask(SIG_UNBLOCK, &all, NULL);
  return 128 + WTERMSIG(status);
}

// Takes note of ended children. Returns whether the command is among them, its status in `status`.
//
// A signal from the terminal ends bwrap, which waits for the command and hands its status on, but not a command that
// handles it: that becomes a child of this process then.
static int reap(pid_t bwrap, pid_t command, int *status) {
  pid_t ended;
  while ((ended = waitpid(-1, status, WNOHANG)) > 0) {
    if (ended == command) return 1;
    if (ended == bwrap && (WIFEXITED(*status) || command == 0)) return 1;
  }
  return ended < 0 && errno == ECHILD;
}

int stand_for(char **words, int information[2]) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t bwrap = fork();
  if (bwrap < 0) return fail("start", "bwrap");
  if (bwrap == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    fcntl(information[1], F_SETFD, 0);
    execvp(words[0], words);
    fail("run", "bwrap");
    _exit(UNAVAILABLE);
  }
  close(information[1]);
  pid_t command = read_child(information[0]);
  int status = 0;
  while (!reap(bwrap, command, &status)) {
    siginfo_t info;
    int number = sigwaitinfo(&all, &info);
    if (number <= 0 || number == SIGCHLD) continue;
    if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) {
      kill(getpid(), SIGSTOP);
    } else if (info.si_code <= 0 && command > 0) {
      // What the terminal sends reaches the command by itself.
      kill(command, number);
    }
  }
  return end_as(status);
}
#else
typedef int no_signals_to_forward_on_other_systems;
#endif

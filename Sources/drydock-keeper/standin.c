// A shell between a caller and a program: signals that are sent to this process reach the program too.
//
// A shell waits for what it runs, dies of a signal, and tells nobody: the program would go on without an owner. What the
// terminal sends needs no help, since it goes to all of its foreground group.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/wait.h>

// What makes a shell end is for the shell too; what a program may take for a request, such as to read its configuration
// again, would only end the shell that waits for it.
static bool is_for_shell(int number) {
  return number != SIGUSR1 && number != SIGUSR2 && number != SIGALRM && number < SIGRTMIN;
}

static int end_as(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  sigset_t all;
  sigfillset(&all);
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
  sigprocmask(SIG_UNBLOCK, &all, NULL);
  return 128 + WTERMSIG(status);
}

enum { MOST_PROGRAMS = 32 };

// What is known of the end.
struct ending {
  bool shell_ended;
  int status;
  bool was_told;  // of a signal, since which everything has to end
  pid_t programs[MOST_PROGRAMS];  // what the shell ran then
  size_t program_count;
  bool program_ended;
  int program_status;
};

static void tell_all(pid_t shell, int number, struct ending *ending) {
  size_t count;
  struct process *found = descendants(&count);
  for (size_t i = 0; i < count; i++) {
    if (found[i].parent == shell && ending->program_count < MOST_PROGRAMS)
      ending->programs[ending->program_count++] = found[i].pid;
    if (count == 1 || found[i].pid != shell || is_for_shell(number)) kill(found[i].pid, number);
  }
  free(found);
}

// Takes note of what ended. Returns whether that is all.
static bool is_over(pid_t shell, struct ending *ending) {
  int status;
  pid_t ended;
  while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
    if (ended == shell) ending->shell_ended = true, ending->status = status;
    for (size_t i = 0; i < ending->program_count; i++) {
      if (ending->programs[i] == ended) ending->program_ended = true, ending->program_status = status;
    }
  }
  return ending->shell_ended && (!ending->was_told || (ended < 0 && errno == ECHILD));
}

// A shell that a signal ended says nothing of the program, whose own status counts then.
static int status_of(const struct ending *ending) {
  bool is_programs = ending->was_told && ending->program_ended && WIFSIGNALED(ending->status);
  return is_programs ? ending->program_status : ending->status;
}

static bool stops(int number) { return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU; }

static int stand_by(pid_t shell, const sigset_t *all) {
  struct ending ending = {0};
  while (!is_over(shell, &ending)) {
    siginfo_t info;
    int number = sigwaitinfo(all, &info);
    if (number <= 0 || number == SIGCHLD) continue;
    if (!stops(number) && number != SIGCONT && number != SIGWINCH && is_for_shell(number)) ending.was_told = true;
    // What comes from a process and not from the terminal has reached nobody else.
    if (info.si_code <= 0) tell_all(shell, number, &ending);
    if (stops(number)) kill(getpid(), SIGSTOP);
  }
  return end_as(status_of(&ending));
}
#endif

int stand_in(char **arguments) {
#ifdef __linux__
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  // What outlives the shell becomes a child of this process.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t shell = fork();
  if (shell > 0) return stand_by(shell, &all);
  sigprocmask(SIG_SETMASK, &before, NULL);
#endif
  execv(arguments[0], arguments);
  fprintf(stderr, "cannot execute %s: %s\n", arguments[0], strerror(errno));
  return errno == ENOENT ? 127 : 126;
}

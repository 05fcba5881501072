// A command beside drydock: signals that drydock is sent reach it, and nothing of it outlives drydock or itself.
//
// It stays in drydock's process group, so that what the terminal sends reaches it without help: a signal that both got
// from there is not handed on a second time.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <sys/wait.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "keeper.h"

static const int handed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
enum { HANDED_ON = sizeof handed_on / sizeof handed_on[0] };

struct told {
  int number;
  bool by_process;
};

static int told_end = -1;

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  struct told told = {number, info->si_code <= 0};
  // A pipe that is full has been told of more signals than anybody waits for.
  if (write(told_end, &told, sizeof told) < 0) errno = saved;
  errno = saved;
}

static bool listen_for_signals(int ends[2]) {
  if (!pipe_cloexec(ends)) return false;
  for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFL, O_NONBLOCK);
  told_end = ends[1];
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < HANDED_ON; i++) sigaction(handed_on[i], &action, NULL);
  action.sa_flags |= SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, NULL);
  return true;
}

static void become(char **program, pid_t parent) {
  restore_signals();
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != parent) _exit(EX_OSERR);
  execvp(program[0], program);
  int status = errno == ENOENT ? 127 : 126;
  fprintf(stderr, "ERROR: cannot run %s: %s\n", program[0], strerror(errno));
  _exit(status);
}

// Hands on what drydock sent, unless the terminal has sent the same to the whole group.
static void hand_on(pid_t main, const struct told *told, unsigned by_terminal[NSIG]) {
  if (told->number == SIGCHLD) return;
  if (!told->by_process) {
    by_terminal[told->number]++;
  } else if (by_terminal[told->number] > 0) {
    by_terminal[told->number]--;
  } else {
    kill(main, told->number);
  }
}

// Returns the wait status of the main process, with which everything else ends.
static int attend(pid_t main, struct leash *leash, int signals) {
  unsigned by_terminal[NSIG] = {0};
  int status = 0;
  while (true) {
    struct told told;
    int now;
    for (pid_t ended; (ended = waitpid(-1, &now, WNOHANG)) > 0;)
      if (ended == main) return end_descendants(main, &status), now;
    if (leash_is_off(leash)) return end_descendants(main, &status), status;
    struct pollfd watched[2] = {{.fd = signals, .events = POLLIN}, {.fd = leash->fd, .events = POLLIN}};
    poll(watched, 2, leash->fd < 0 ? 250 : -1);
    while (read(signals, &told, sizeof told) == sizeof told) hand_on(main, &told, by_terminal);
  }
}

int escort(char **arguments) {
  int signals[2];
  struct identity holder = {.pid = (pid_t)strtol(arguments[0], NULL, 10), .start = strtoull(arguments[1], NULL, 10)};
  if (holder.pid < 2 || !listen_for_signals(signals)) return EX_USAGE;
  sigset_t none;
  sigemptyset(&none);
  struct leash leash = leash_open(holder);
  pid_t own = getpid();
#ifdef __linux__
  prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
  pid_t main = fork();
  if (main < 0) return EX_OSERR;
  if (main == 0) become(arguments + 2, own);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int status = attend(main, &leash, signals[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

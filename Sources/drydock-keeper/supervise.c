#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

enum { DRAIN_CHUNKS = 64, STEADY_MS = 10000, MOST_FAILURES = 20 };

static void on_child(int signal) { (void)signal; }

// Held back everywhere but inside pselect, so that an engine's end between check and wait is not missed.
void block_child_signal(void) {
  struct sigaction action;
  sigset_t set;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_child;
  sigemptyset(&action.sa_mask);
  sigaction(SIGCHLD, &action, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, NULL);
}

// A stray signal must not orphan the engine: drydock signals the engine itself, the keeper ends with it.
void ignore_stray_signals(void) {
  static const int strays[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1,
                               SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof strays / sizeof strays[0]; i++) signal(strays[i], SIG_IGN);
}

static volatile sig_atomic_t is_to_end;

static void on_stop(int signal) { (void)signal, is_to_end = 1; }

void heed_stop(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_stop;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
}

// A program that a signal ended is started again, unless somebody stops it, or it ended so too often in a short time.
bool may_start_again(long long started_ms, int status) {
  static int failures;
  if (!WIFSIGNALED(status) || is_to_end) return false;
  failures = now_ms() - started_ms < STEADY_MS ? failures + 1 : 0;
  if (failures >= MOST_FAILURES) return false;
  struct timespec pause = {.tv_sec = failures / 20, .tv_nsec = failures % 20 * 50000000L};
  // SIGUSR1 ends it early.
  nanosleep(&pause, NULL);
  return !is_to_end;
}

// What the engine gets: every signal at its default and none blocked, whatever drydock's caller had set.
void restore_signals(void) {
  sigset_t none;
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// Copies one chunk; false at the end of the pipe or when there is nothing to read now.
static bool copy_chunk(int log_pipe, struct logfile *log) {
  static char buffer[16 * 1024];
  ssize_t count = read(log_pipe, buffer, sizeof buffer);
  if (count > 0) logfile_write(log, buffer, (size_t)count);
  return count > 0 || (count < 0 && errno == EINTR);
}

static bool at_end(int log_pipe, struct logfile *log) {
  errno = 0;
  return !copy_chunk(log_pipe, log) && errno != EAGAIN;
}

// Waits for output, the end of a child, or that of what the engine must not outlive. Returns whether there is output.
static bool wait_for(int log_pipe, const struct leash *leash) {
  sigset_t none;
  sigemptyset(&none);
  struct timespec pause = {0, 250000000};
  bool has_to_look = leash->holder.pid != 0 && leash->fd < 0;
  fd_set readable;
  FD_ZERO(&readable);
  if (log_pipe >= 0) FD_SET(log_pipe, &readable);
  if (leash->fd >= 0) FD_SET(leash->fd, &readable);
  int last = log_pipe > leash->fd ? log_pipe : leash->fd;
  int ready = pselect(last + 1, &readable, NULL, NULL, has_to_look ? &pause : NULL, &none);
  return ready > 0 && log_pipe >= 0 && FD_ISSET(log_pipe, &readable);
}

int supervise(pid_t engine, int log_pipe, struct logfile *log, struct identity holder) {
  int status = 0;
  struct leash leash = leash_open(holder);
  fcntl(log_pipe, F_SETFL, O_NONBLOCK);
  while (waitpid(engine, &status, WNOHANG) != engine) {
    if (leash_is_off(&leash)) {
      end_descendants(engine, &status);
      break;
    }
    if (wait_for(log_pipe, &leash) && at_end(log_pipe, log)) close(log_pipe), log_pipe = -1;
  }
  // What an engine on a leash left behind was left to this process.
  if (holder.pid != 0) end_descendants(engine, &status);
  // Bounded, as a grandchild may go on writing for ever.
  for (int i = 0; log_pipe >= 0 && i < DRAIN_CHUNKS && copy_chunk(log_pipe, log); i++) continue;
  return status;
}

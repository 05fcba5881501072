// The engine: forked, held back until its start is on record, then executed with exactly what was asked for.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"

struct failure {
  enum stage stage;
  int error;
};

// Gives up every privilege of the caller; a caller without privileges may only name itself.
static bool become(const struct spec *spec) {
  if (!spec->has_user) return true;
  if (geteuid() == spec->uid && geteuid() != 0) return getegid() == spec->gid || setgid(spec->gid) == 0;
  int groups = spec->user ? initgroups(spec->user, spec->gid) : setgroups(1, &spec->gid);
  return groups == 0 && setgid(spec->gid) == 0 && setuid(spec->uid) == 0;
}

static void fail(int report, enum stage stage) {
  struct failure failure = {stage, errno};
  write_all(report, &failure, sizeof failure);
  _exit(127);
}

struct pipes {
  // The engine's ends are the second ones. Both outputs may be the same.
  int output[2], error[2], go[2], report[2], binds[2];
};

// A service without a keeper would have nobody to end it; what is to be started again, nobody to do so.
static bool end_with(pid_t keeper, int signal) {
#ifdef __linux__
  if (prctl(PR_SET_PDEATHSIG, signal) != 0) return false;
#else
  (void)signal;
#endif
  return getppid() == keeper;
}

static bool take_output(const struct spec *spec, const struct pipes *pipes) {
  if (spec->has_terminal && (!terminal_take(pipes->output[1]) || dup2(pipes->output[1], STDIN_FILENO) < 0)) return false;
  return dup2(pipes->output[1], STDOUT_FILENO) >= 0 && dup2(pipes->error[1], STDERR_FILENO) >= 0;
}

// The child up to exec. `go` closes without a byte when the keeper died: then nothing may run.
static void execute(const struct spec *spec, int lock, pid_t keeper, const struct pipes *pipes) {
  char byte;
  int report = pipes->report[1];
  restore_signals();
  setsid();
  if (!read_all(pipes->go[0], &byte, 1)) _exit(127);
  if (!take_output(spec, pipes)) fail(report, STAGE_FORK);
  if (fcntl(lock, F_SETFD, 0) != 0) fail(report, STAGE_FORK);
  if (!enter_overlay(spec->overlay)) fail(report, STAGE_OVERLAY);
  if (!become(spec)) fail(report, STAGE_USER);
  if (spec->is_service && !end_with(keeper, SIGKILL)) fail(report, STAGE_FORK);
  if (spec->starts_again && !end_with(keeper, SIGTERM)) fail(report, STAGE_FORK);
  if (chdir(spec->folder) != 0) fail(report, STAGE_FOLDER);
  // An executable with capabilities of its own, as some packages of MySQL have, would be closed to its user's eyes, who
  // then could not tell whether a port's listener is this engine. None of them needs more than its user may.
#ifdef __linux__
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
  if (!confine(spec->writable)) fail(report, STAGE_USER);
  limit_files(spec->files);
  // The class of its reads and writes follows from its priority, and the alarm outlasts the execution.
  if (spec->errand) setpriority(PRIO_PROCESS, 0, 10), alarm((unsigned)spec->errand);
  // What a service writes is the user's; a server's data is nobody else's.
  if (!spec->writable[0]) umask(spec->umask);
  if (spec->maps_ports && !ports_divert(pipes->binds[1])) fail(report, STAGE_PORTS);
  execve(spec->executable, spec->argv, spec->envp);
  fail(report, STAGE_EXEC);
}

static bool open_output(struct pipes *pipes, const struct spec *spec) {
  bool is_open = spec->has_terminal ? terminal_make(spec->window, pipes->output) : pipe_cloexec(pipes->output);
  if (is_open && spec->is_service && !spec->has_terminal) return pipe_cloexec(pipes->error);
  pipes->error[1] = pipes->output[1];
  return is_open;
}

static bool open_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0
         && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

static bool open_pipes(struct pipes *pipes, const struct spec *spec) {
  if (!open_output(pipes, spec) || !pipe_cloexec(pipes->go) || !pipe_cloexec(pipes->report)) return false;
  if (spec->maps_ports && !open_pair(pipes->binds)) return false;
  // An engine that opens /dev/stderr anew needs the right to do so after it dropped to another user.
  return !spec->has_user || geteuid() != 0
         || (fchown(pipes->output[1], spec->uid, spec->gid) == 0 && fchown(pipes->error[1], spec->uid, spec->gid) == 0);
}

static void close_if_open(int fd) {
  if (fd >= 0) close(fd);
}

// Records the start, lets the child go on and waits until it has become the engine or told why not.
static void release(
    const struct spec *spec, int folder, struct pipes *pipes, int *binds, struct outcome *outcome) {
  struct failure failure;
  if (!record_write(folder, spec->status_name, outcome, false)) {
    outcome->stage = STAGE_RECORD, outcome->error = errno;
    close(pipes->go[1]);
    waitpid(outcome->engine.pid, NULL, 0);
    return;
  }
  write_all(pipes->go[1], "g", 1);
  close(pipes->go[1]);
  if (spec->maps_ports) *binds = ports_receive(pipes->binds[0]);
  if (!read_all(pipes->report[0], &failure, sizeof failure)) return;
  outcome->stage = failure.stage, outcome->error = failure.error;
  unlinkat(folder, spec->status_name, 0);
  waitpid(outcome->engine.pid, NULL, 0);
}

void engine_launch(const struct spec *spec, int folder, int lock, struct ends *ends, struct outcome *outcome) {
  struct pipes pipes = {.error = {-1, -1}, .binds = {-1, -1}};
  pid_t child = -1, keeper = getpid();
  if (!open_pipes(&pipes, spec) || (child = fork()) < 0) {
    outcome->stage = STAGE_FORK, outcome->error = errno;
    return;
  }
  if (child == 0) {
    close(pipes.go[1]);
    execute(spec, lock, keeper, &pipes);
  }
  if (pipes.error[1] != pipes.output[1]) close(pipes.error[1]);
  close(pipes.output[1]), close(pipes.go[0]), close(pipes.report[1]), close_if_open(pipes.binds[1]);
  outcome->keeper = identify(keeper);
  outcome->engine = identify(child);
  outcome->user = spec->has_user ? spec->uid : geteuid();
  outcome->started_ms = now_ms();
  *ends = (struct ends){.output = pipes.output[0], .error = pipes.error[0], .binds = -1};
  release(spec, folder, &pipes, &ends->binds, outcome);
  close(pipes.report[0]), close_if_open(pipes.binds[0]);
}

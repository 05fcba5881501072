// The engine: forked, held back until its start is on record, then executed with exactly what was asked for.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
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

// The child up to exec. `go` closes without a byte when the keeper died: then nothing may run.
static void execute(const struct spec *spec, int lock, int output, int go, int report) {
  char byte;
  restore_signals();
  setsid();
  if (!read_all(go, &byte, 1)) _exit(127);
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) fail(report, STAGE_FORK);
  if (fcntl(lock, F_SETFD, 0) != 0) fail(report, STAGE_FORK);
  if (!become(spec)) fail(report, STAGE_USER);
  if (chdir(spec->folder) != 0) fail(report, STAGE_FOLDER);
  // An executable with capabilities of its own, as some packages of MySQL have, would be closed to its user's eyes, who
  // then could not tell whether a port's listener is this engine. None of them needs more than its user may.
#ifdef __linux__
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
  if (!confine(spec->writable)) fail(report, STAGE_USER);
  limit_files(spec->files);
  execve(spec->executable, spec->argv, spec->envp);
  fail(report, STAGE_EXEC);
}

struct pipes {
  int output[2], go[2], report[2];
};

static bool open_pipes(struct pipes *pipes, const struct spec *spec) {
  if (!pipe_cloexec(pipes->output) || !pipe_cloexec(pipes->go) || !pipe_cloexec(pipes->report)) return false;
  // An engine that opens /dev/stderr anew needs the right to do so after it dropped to another user.
  return !spec->has_user || geteuid() != 0 || fchown(pipes->output[1], spec->uid, spec->gid) == 0;
}

// Records the start, lets the child go on and waits until it has become the engine or told why not.
static void release(
    const struct spec *spec, int folder, const struct pipes *pipes, struct outcome *outcome) {
  struct failure failure;
  if (!record_write(folder, spec->status_name, outcome, false)) {
    outcome->stage = STAGE_RECORD, outcome->error = errno;
    close(pipes->go[1]);
    waitpid(outcome->engine.pid, NULL, 0);
    return;
  }
  write_all(pipes->go[1], "g", 1);
  close(pipes->go[1]);
  if (!read_all(pipes->report[0], &failure, sizeof failure)) return;
  outcome->stage = failure.stage, outcome->error = failure.error;
  unlinkat(folder, spec->status_name, 0);
  waitpid(outcome->engine.pid, NULL, 0);
}

void engine_launch(const struct spec *spec, int folder, int lock, int *log_pipe, struct outcome *outcome) {
  struct pipes pipes;
  pid_t child = -1;
  if (!open_pipes(&pipes, spec) || (child = fork()) < 0) {
    outcome->stage = STAGE_FORK, outcome->error = errno;
    return;
  }
  if (child == 0) {
    close(pipes.go[1]);
    execute(spec, lock, pipes.output[1], pipes.go[0], pipes.report[1]);
  }
  close(pipes.output[1]), close(pipes.go[0]), close(pipes.report[1]);
  outcome->keeper = identify(getpid());
  outcome->engine = identify(child);
  outcome->user = spec->has_user ? spec->uid : geteuid();
  outcome->started_ms = now_ms();
  release(spec, folder, &pipes, outcome);
  close(pipes.report[0]);
  *log_pipe = pipes.output[0];
}

// Usage: drydock-keeper LOCKFILE [LABEL] < SPEC
//        drydock-keeper [--in PID START] [--files N] [--as UID GID GROUPS] PROGRAM [ARGUMENT...]
//        drydock-keeper --stand-in PROGRAM [ARGUMENT...]
//        drydock-keeper --leash PID START SOCKET FOLDER
//        drydock-keeper --guard PID START FOLDER
//        drydock-keeper --overlay PID START LOCKFILE FROZEN MEASURE TARGET UID GID
//        drydock-keeper --measure FOLDER
//        drydock-keeper --escort PID START PROGRAM [ARGUMENT...]
//        drydock-keeper --can-map-ports
//
// Prints one line of JSON: who runs now, or why nothing does. LABEL is for readers of `ps` only.
// Exit status: 0 the engine runs; 64 usage; 75 it is running already; 71 anything else.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"

static int reply(const struct outcome *outcome) {
  char text[512];
  int length = outcome_json(outcome, text, sizeof text);
  write_all(STDOUT_FILENO, text, (size_t)length);
  if (outcome->stage == STAGE_NONE) return EX_OK;
  return outcome->stage == STAGE_LOCK_HELD ? EX_TEMPFAIL : EX_OSERR;
}

static int refuse(enum stage stage) {
  struct outcome outcome = {.stage = stage, .error = errno};
  return reply(&outcome);
}

static bool detach(void) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  return null >= 0 && setsid() >= 0 && chdir("/") == 0 && dup2(null, STDIN_FILENO) >= 0
         && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 && close(null) == 0;
}

// Keeps an engine until it has ended for good. Returns its wait status.
static int keep_engine(struct spec *spec, int folder, int lock, struct logfile *log, struct ends *ends, struct outcome *outcome) {
  int status = supervise(outcome->engine.pid, ends->output, log, spec->leash);
  while (spec->starts_again && may_start_again(outcome->started_ms, status)) {
    engine_launch(spec, folder, lock, ends, outcome);
    if (outcome->stage != STAGE_NONE) break;
    status = supervise(outcome->engine.pid, ends->output, log, spec->leash);
  }
  return status;
}

// The keeper proper, in a session of its own. It says through `report` what came of the start.
static int keep(struct spec *spec, int folder, int lock, struct logfile *log, int report) {
  struct outcome outcome = {.stage = STAGE_NONE, .token = spec->token};
  struct ends ends = {-1, -1, -1};
  ignore_stray_signals();
  block_child_signal();
  if (spec->is_service || spec->leash.pid) service_adopt();
  if (spec->starts_again) heed_stop();
  if (detach())
    engine_launch(spec, folder, lock, &ends, &outcome);
  else
    outcome.stage = STAGE_FORK, outcome.error = errno;
  // Freed before the report: who is told of a failed start may try again at once.
  if (outcome.stage != STAGE_NONE) close(lock);
  // Open before the report, too: who is told of a start may go to its terminal at once.
  struct service *service = NULL;
  if (outcome.stage == STAGE_NONE && spec->is_service)
    service = service_open(outcome.engine.pid, spec, folder, &ends, log);
  write_all(report, &outcome, sizeof outcome);
  close(report);
  if (outcome.stage != STAGE_NONE) return EX_OSERR;
  // What is started again has need of it.
  if (!spec->starts_again) spec_free(spec);
  outcome.wait_status = service ? service_keep(service) : keep_engine(spec, folder, lock, log, &ends, &outcome);
  if (outcome.stage != STAGE_NONE) return EX_OSERR;
  outcome.ended = true;
  outcome.ended_ms = now_ms();
  return record_write(folder, spec->status_name, &outcome, true) ? EX_OK : EX_OSERR;
}

// Forks the keeper and waits until the engine's exec has succeeded or failed.
static int launch(struct spec *spec, int folder, int lock, struct logfile *log) {
  struct outcome outcome = {.stage = STAGE_FORK};
  int report[2];
  pid_t keeper;
  if (!pipe_cloexec(report) || (keeper = fork()) < 0) return refuse(STAGE_FORK);
  if (keeper == 0) {
    close(report[0]);
    _exit(keep(spec, folder, lock, log, report[1]));
  }
  close(report[1]);
  close(lock);
  if (!read_all(report[0], &outcome, sizeof outcome)) outcome.stage = STAGE_FORK, outcome.error = ECHILD;
  outcome.token = spec->token;
  return reply(&outcome);
}

int main(int count, char **arguments) {
  struct spec spec;
  struct logfile log;
  enum stage stage;
  if (count > 2 && strcmp(arguments[1], "--stand-in") == 0) return stand_in(arguments + 2);
  if (count == 6 && strcmp(arguments[1], "--leash") == 0) return keep_containers(arguments + 2);
  if (count == 5 && strcmp(arguments[1], "--guard") == 0) return guard_folder(arguments + 2);
  if (count == 10 && strcmp(arguments[1], "--overlay") == 0) return make_overlay(arguments + 2);
  if (count == 3 && strcmp(arguments[1], "--measure") == 0) return measure_folder(arguments[2]);
  if (count > 4 && strcmp(arguments[1], "--escort") == 0) return escort(arguments + 2);
  if (count == 2 && strcmp(arguments[1], "--can-map-ports") == 0) return can_map_ports();
  if (count > 1 && strncmp(arguments[1], "--", 2) == 0) return run_command(arguments + 1);
  if (count < 2 || count > 3 || arguments[1][0] != '/' || !fill_standard_descriptors()) {
    static const char usage[] = "usage: drydock-keeper LOCKFILE [LABEL] < SPEC (started by drydock)\n";
    write_all(STDERR_FILENO, usage, sizeof usage - 1);
    return EX_USAGE;
  }
  close_from(STDERR_FILENO + 1);
  mode_t callers = umask(077);
  if (!spec_read(STDIN_FILENO, arguments[1], &spec)) return refuse(STAGE_SPEC);
  spec.umask = callers;
  const char *name;
  int folder = folder_open(arguments[1], &name);
  if (folder < 0) return refuse(STAGE_LOCK_OPEN);
  int lock = lock_acquire(folder, name, &stage);
  if (lock < 0) return refuse(stage);
  if (!logfile_open(&log, folder, spec.log_name, spec.log_limit)) return refuse(STAGE_LOG);
  return launch(&spec, folder, lock, &log);
}

// drydock-keeper: holds one engine's lock, starts the engine, records how it ended.
//
// Alive means that the lock is held. The engine inherits the lock's descriptor, so that it stays held while the
// engine lives even if the keeper is killed.
#ifndef DRYDOCK_KEEPER_H
#define DRYDOCK_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Where a start failed. The names travel to drydock, see `stage_name`.
enum stage {
  STAGE_NONE,
  STAGE_SPEC,
  STAGE_LOCK_OPEN,
  STAGE_LOCK_HELD,
  STAGE_LOCK_UNSUPPORTED,
  STAGE_LOG,
  STAGE_RECORD,
  STAGE_FORK,
  STAGE_USER,
  STAGE_FOLDER,
  STAGE_EXEC,
};

// What to run, as read from standard input. The strings point into `bytes`.
struct spec {
  char *bytes;
  const char *executable;
  const char *folder;
  const char *status_name;  // in the lock's folder, as the log
  const char *log_name;
  const char *token;  // comes back in the record; letters and digits
  const char *user;  // for the supplementary groups; NULL when the user has no name
  long long log_limit;
  long long files;  // the engine's soft limit of open files; -1 leaves the keeper's
  bool has_user, has_group;
  uid_t uid;
  gid_t gid;
  char **argv;
  char **envp;
  char **writable;  // the only places that it may write in; empty for everywhere
};

// A process as it cannot be confused with a later one of the same number, within one boot.
struct identity {
  pid_t pid;
  unsigned long long start;  // clock ticks since boot (Linux), microseconds since 1970 (macOS)
};

// What a status file says, and what the daemon tells the process that launched it.
struct outcome {
  enum stage stage;
  int error;
  struct identity keeper, engine;
  const char *token;  // valid in the keeper only, NULL elsewhere
  uid_t user;  // as whom the engine was started
  long long started_ms, ended_ms;
  bool ended;
  int wait_status;
};

struct logfile {
  int fd, folder;
  const char *name;
  long long size, limit;
};

// folder.c
// Opens the folder of a file and points `name` at the file's name; -1 with errno. Everything of the engine's lies in it.
int folder_open(const char *path, const char **name);
// Opens a file of it that is a regular one, and neither a link nor a name for a file elsewhere; -1 with errno.
int folder_file(int folder, const char *name, int flags);

// spec.c
// Reads the spec; its files have to lie in the folder of `lock`.
bool spec_read(int fd, const char *lock, struct spec *spec);
void spec_free(struct spec *spec);

// lock.c
int lock_acquire(int folder, const char *name, enum stage *stage);

// command.c
// Becomes the program of `[--files N] [--as UID GID GROUPS] PROGRAM ARGUMENT...`; returns an exit status if it cannot.
int run_command(char **arguments);
// Sets how many files may be open, the soft limit, as far as the hard one permits.
void limit_files(long long files);

// standin.c
// Runs the shell `PROGRAM ARGUMENT...` and hands signals on to all that it runs; returns the status to exit with.
int stand_in(char **arguments);

// process.c
struct identity identify(pid_t pid);
void boot_id(char *out, size_t size);
long long now_ms(void);
void close_from(int first);
bool write_all(int fd, const void *bytes, size_t size);
bool read_all(int fd, void *bytes, size_t size);
bool pipe_cloexec(int ends[2]);
bool fill_standard_descriptors(void);

// record.c
const char *stage_name(enum stage stage);
int outcome_json(const struct outcome *outcome, char *out, size_t size);
bool record_write(int folder, const char *name, const struct outcome *outcome, bool durable);

// logfile.c
bool logfile_open(struct logfile *log, int folder, const char *name, long long limit);
void logfile_write(struct logfile *log, const char *bytes, size_t size);

// engine.c
void engine_launch(const struct spec *spec, int folder, int lock, int *log_pipe, struct outcome *outcome);

// confine.c
// Lets this process, and what it becomes, write in these places alone, where the system can do that. NULL ends them;
// none at all means everywhere.
bool confine(char **writable);

// supervise.c
void block_child_signal(void);
void ignore_stray_signals(void);
void restore_signals(void);
int supervise(pid_t engine, int log_pipe, struct logfile *log);

#endif

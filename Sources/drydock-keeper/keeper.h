// drydock-keeper: holds one engine's lock, starts the engine, records how it ended. A service is an engine with more
// records in its spec: "engine" stands for both where nothing else is said.
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
  STAGE_PORTS,
  STAGE_OVERLAY,
};

// A process as it cannot be confused with a later one of the same number, within one boot.
struct identity {
  pid_t pid;
  unsigned long long start;  // clock ticks since boot (Linux), microseconds since 1970 (macOS)
};

// A socket of a service's, as it was when it was bound.
struct bound {
  pid_t process;
  int fd;
  ino_t inode;
};

// A port that a service binds, and where it really listens.
struct port_pair {
  unsigned short from, to;
  struct bound v4, v6_only;  // who did so last
};

struct port_map {
  struct port_pair *pairs;
  size_t count;
};

struct window {
  unsigned short rows, columns;
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
  mode_t umask;  // the caller's, which all have but servers with data
  char **writable;  // the only places that it may write in; empty for everywhere
  bool is_service;  // its output is kept by lines, and all that descends from it ends with it
  struct identity overlay;  // whose mounts it has; no pid for the keeper's own
  struct identity leash;  // what it must not outlive, nor what descends from it; no pid when there is no such process
  bool maps_ports;  // binds on 127.0.0.1 only, the ports of the map at others
  struct port_map ports;
  bool has_terminal;
  struct window window;
  long long errand;  // for how many seconds it may run, giving way to everything else; 0 for as long as it likes
  bool starts_again;  // when a signal ended it that nobody meant for it; no service
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

// The keeper's ends of what it shares with an engine; -1 for what there is not.
struct ends {
  int output, error;  // the first is the terminal where there is one, and an engine's only one
  int binds;
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
// Becomes the program of `[--in PID START] [--files N] [--as UID GID GROUPS] PROGRAM ARGUMENT...`; returns an exit status if it cannot.
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
// Writes records, each ended by a newline, as many as there is room for; no record is cut. How many bytes that were; 0 with
// errno when nothing can be written.
size_t logfile_append(struct logfile *log, const char *bytes, size_t size);
// Ends a record that was cut by the end of the machine.
void logfile_mend(struct logfile *log);

// engine.c
void engine_launch(const struct spec *spec, int folder, int lock, struct ends *ends, struct outcome *outcome);

// service.c
// Makes this process the one that is left everything that a service's processes leave behind.
void service_adopt(void);
// Takes a service that was started into its care: from then on others get to its terminal. Ends this process where there
// is no memory for it, and the service with it.
struct service *service_open(pid_t main, struct spec *spec, int folder, const struct ends *ends, const struct logfile *log);
// Keeps a service until it, or what it must not outlive, has ended and nothing is left of it. Returns its wait status.
int service_keep(struct service *service);

// lines.c
enum stream_kind { STREAM_OUTPUT, STREAM_ERROR };
struct lines;
// A log by lines; NULL without memory.
struct lines *lines_open(const struct logfile *file, bool is_terminal);
void lines_take(struct lines *lines, enum stream_kind kind, const char *bytes, size_t size);
// Something that the keeper has to say.
void lines_event(struct lines *lines, const char *text);
// What the service wrote of a line that it has not ended.
const char *lines_unfinished(const struct lines *lines, size_t *size);
// Writes what has come together.
void lines_flush(struct lines *lines);
// Ends lines that will not be ended any more.
void lines_finish(struct lines *lines);

// tree.c
struct process {
  pid_t pid, parent;
  bool ours;
};
// What descends from this process, to be freed; `count` says how many there are.
struct process *descendants(size_t *count);
// Kills what descends from this process, until there is nothing left of it. Notes the wait status of one of them.
void end_descendants(pid_t main, int *main_status);

// leash.c
struct leash {
  struct identity holder;
  int fd;  // readable once the holder is gone; -1 where the system has no such thing
  bool is_off;
};
struct leash leash_open(struct identity holder);
bool leash_is_off(struct leash *leash);

// ports.c
// Has this process's calls, and those of what it becomes and starts, answered by whoever has the socket's other end.
bool ports_divert(int socket);
// The other end: the descriptor of these calls; -1 when there is none.
int ports_receive(int socket);
// Tries it out. Returns the status to exit with.
int can_map_ports(void);

// binds.c
// Answers one call.
void binds_answer(int listener, struct port_map *map);

// terminal.c
enum { MOST_CLIENTS = 8 };
struct pollfd;
struct terminal;
// Makes a terminal: the keeper's end and the service's; false with errno.
bool terminal_make(struct window window, int ends[2]);
// Makes it this process's own.
bool terminal_take(int end);
// Lets clients come through a socket in the folder; NULL with errno.
struct terminal *terminal_open(int folder, int end);
// Fills in what is to be waited for. Returns how many entries that are, 2 + MOST_CLIENTS at most.
size_t terminal_watch(struct terminal *terminal, struct pollfd *watched);
// Whether a client has still to read, which is waited for a while.
bool terminal_holds(const struct terminal *terminal);
// Handles what came.
void terminal_serve(struct terminal *terminal, const struct pollfd *watched, struct lines *lines);
void terminal_close(struct terminal *terminal, struct lines *lines);

// containers.c
// Removes containers once a process is gone: the arguments after `--leash`. Returns the status to exit with.
int keep_containers(char **arguments);
// Removes those on the list of a folder. Returns the status to exit with.
int clear_containers(const char *socket, int folder);
// Runs `watch` in a process of its own, which exits with what that returns, once the lock and standard output say who it
// is, and whose end it waits for. Returns the status to exit with.
int watcher_begin(int lock, struct identity holder, int (*watch)(void *), void *context);
// Says on standard output why there is no watcher. Returns the status to exit with.
int watcher_refuse(enum stage stage);

// guard.c
// Removes a folder and ends what works in it once a process is gone: the arguments after `--guard`. Returns the status to
// exit with.
int guard_folder(char **arguments);

// overlay.c
// Prints what tells whether a folder is as it was. Returns the status to exit with.
int measure_folder(const char *path);
// Puts an overlay over a frozen folder, in a namespace of its own that ends with a process: the arguments after
// `--overlay`. Returns the status to exit with: EX_DATAERR where the folder is not as it was, EX_UNAVAILABLE where the
// system refuses.
int make_overlay(char **arguments);
// Gives this process the mounts of a process that `make_overlay` has left; false with errno. Nothing without a pid.
bool enter_overlay(struct identity holder);

// escort.c
// Runs a command beside the process that it must not outlive: the arguments after `--escort`. Returns the status to exit
// with, which is the command's.
int escort(char **arguments);

// confine.c
// Lets this process, and what it becomes, write in these places alone, where the system can do that. NULL ends them;
// none at all means everywhere.
bool confine(char **writable);

// supervise.c
void block_child_signal(void);
void ignore_stray_signals(void);
void restore_signals(void);
// Keeps an engine until it, or what it must not outlive, has ended. Returns its wait status.
int supervise(pid_t engine, int log_pipe, struct logfile *log, struct identity holder);
// From now on SIGUSR1 says that the program is to end, and not to be started again.
void heed_stop(void);
bool may_start_again(long long started_ms, int status);

#endif

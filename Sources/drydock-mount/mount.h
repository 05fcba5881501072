#ifndef DRYDOCK_MOUNT_H
#define DRYDOCK_MOUNT_H

// The exit status when the mounts cannot be had, as `env` and `timeout` have it for faults of their own.
#define UNAVAILABLE 125

// Says what could not be done with a path, and why by errno; returns -1.
int fail(const char *action, const char *path);

// Enters a mount namespace of this process's own; an ordinary user's lies in a user namespace with the same ids.
int enter_namespace(void);

// Whether that can be had, found out in a process of its own.
int may_enter_namespace(void);

// Whether bubblewrap is installed and may make a mount namespace.
int bubblewrap_works(void);

// Runs a command under bubblewrap with `count` words of sources and targets, and is its stand-in for whoever waits and
// sends signals. Returns the status to exit with; -1 when it could not be started.
int run_in_bubblewrap(char **pairs, int count, const char *folder, char **command);

// Runs bwrap by these words, which tells its child's number by the pipe. Returns the status to exit with, or -1.
int stand_for(char **words, int information[2]);

// Opens the folder `source`. Behind a "//" in it no link is followed: there others may write, who are not asked the way.
int open_share(const char *source);

// The real path of that folder, into a buffer of PATH_MAX bytes.
int share_path(const char *source, char *path);

// Lets set-id programs and devices at a mount be nothing but files.
int tame(const char *target);

// Lets the folder `source` appear at the absolute path `target`, tamed.
int make_visible(const char *source, const char *target);

#endif

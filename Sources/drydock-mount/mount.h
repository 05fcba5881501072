#ifndef DRYDOCK_MOUNT_H
#define DRYDOCK_MOUNT_H

// The exit status when the mounts cannot be had, as `env` and `timeout` have it for faults of their own.
#define UNAVAILABLE 125

// Says what could not be done with a path, and why by errno; returns -1.
int fail(const char *action, const char *path);

// Enters a mount namespace of this process's own; an ordinary user's lies in a user namespace with the same ids.
int enter_namespace(void);

// Lets the folder `source` appear at the absolute path `target`.
int make_visible(const char *source, const char *target);

#endif

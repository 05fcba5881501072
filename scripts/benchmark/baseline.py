"""What a script would do by hand: the same initialisations and starts, all at once, with a ready poll."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import ready

FOLDERS = ["/usr/sbin", "/usr/libexec", *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]


def tool(name):
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS]))
    if not path:
        raise FileNotFoundError(f"{name} is not installed")
    # PostgreSQL finds its files beside the real executable.
    return os.path.realpath(path) if name in ("postgres", "initdb") else path


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def engines(root):
    """Kind, user, how to initialise, how to serve; with the settings that drydock gives."""
    # As a person would without the copies that lie beside the zones; drydock loads them while it makes the data, too.
    zones = root / "zones.sql"
    with open(zones, "w", encoding="utf-8") as file:
        subprocess.run(
            [tool("mariadb-tzinfo-to-sql"), "--skip-write-binlog", "/usr/share/zoneinfo/posix"],
            stdout=file, stderr=subprocess.DEVNULL, check=True)
    folders = {name: root / name for name in ("mydb", "orders", "legacy-db", "cache", "mem")}
    ports = {name: free_port() for name in folders}

    def mariadb(name):
        data = folders[name] / "data"
        # A server of the MySQL family clears its folder for temporary tables as it starts, others' tables too.
        temporary = f"--tmpdir={folders[name]}"
        install = [
            tool("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db",
            "--auth-root-authentication-method=socket", "--skip-name-resolve", temporary,
            "--innodb-log-file-size=4M", f"--extra-file={zones}",
        ]
        serve = [
            tool("mariadbd"), "--no-defaults", f"--datadir={data}", "--bind-address=127.0.0.1",
            f"--port={ports[name]}", f"--socket={folders[name]}/s", f"--pid-file={folders[name]}/pid",
            "--log-bin=binlog", "--server-id=1", "--max-binlog-size=67108864",
            "--character-set-server=utf8mb4", "--skip-name-resolve", temporary,
        ]
        return "mariadb", "mysql", folders[name], ports[name], install, serve

    postgres = folders["mydb"]
    yield (
        "postgres", "postgres", postgres, ports["mydb"],
        [
            tool("initdb"), "--pgdata", f"{postgres}/data", "--username", "drydock", "--no-sync",
            "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8", "--auth-host=scram-sha-256",
        ],
        [
            tool("postgres"), "-D", f"{postgres}/data", "-c", "listen_addresses=127.0.0.1",
            "-c", f"port={ports['mydb']}", "-c", f"unix_socket_directories={postgres}",
            "-c", "wal_level=replica",
        ],
    )
    yield mariadb("orders")
    yield mariadb("legacy-db")
    yield (
        "redis", "redis", folders["cache"], ports["cache"], None,
        [
            tool("redis-server"), "--bind", "127.0.0.1", "--port", str(ports["cache"]),
            "--dir", str(folders["cache"]), "--appendonly", "yes",
        ],
    )
    yield (
        "memcached", "memcache", folders["mem"], ports["mem"], None,
        [tool("memcached"), "-l", "127.0.0.1", "-p", str(ports["mem"]), "-U", "0", "-m", "64"],
    )


def bring_up(engine, servers, failures):
    kind, user, folder, port, initialise, serve = engine
    try:
        folder.mkdir()
        drop = {}
        if os.geteuid() == 0:
            shutil.chown(folder, user, None)
            drop = {"user": user, "group": user, "extra_groups": []}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        if initialise:
            subprocess.run(initialise, check=True, **quiet, **drop)
        servers.append(subprocess.Popen(serve, **quiet, **drop))
        ready.wait(kind, port, interval=0.005)
    except Exception as error:  # pylint: disable=broad-except
        failures.append(f"{kind}: {error}")


def run(root):
    """Brings all of them up from nothing. Returns the seconds that it took; stops them afterwards.

    Their data stays, so that whoever comes next does not pay for clearing it up.
    """
    root.mkdir()
    root.chmod(0o711)
    servers, failures = [], []
    begin = time.monotonic()
    threads = [
        threading.Thread(target=bring_up, args=(engine, servers, failures)) for engine in engines(root)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.monotonic() - begin
    for server in servers:
        server.send_signal(signal.SIGKILL)
        server.wait()
    if failures:
        raise RuntimeError("; ".join(failures))
    return taken

# The log sockets of a job (docs/reference/api.md, "Log sockets of a job").

import os
import socket


def open_log_sockets(folder):
    """Returns their file descriptors."""
    os.makedirs(folder, exist_ok=True)
    found = []
    # The path of a socket may not be long.
    os.chdir(folder)
    for name in ('priority', 'bulk'):
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        if os.path.lexists(name):
            os.unlink(name)
        receiver.bind(name)
        os.chmod(name, 0o666)
        found.append(receiver.detach())
    os.chdir('/')
    return found

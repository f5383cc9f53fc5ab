# System calls that Python's own modules do not offer, and a fork into namespaces.

import ctypes
import os
import sys

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_MOVE, MS_REC, MS_SLAVE = 4096, 8192, 16384, 1 << 19
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
SIGCHLD, SIGKILL = 17, 9


def mount(source, target, kind=None, flags=0, options=None):
    _call('mount', _bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(options))


def bind(source, target):
    """Shows a file, or a folder with everything that is mounted below it, at another path as well."""
    mount(source, target, None, MS_BIND | MS_REC)


def move(source, target):
    """Takes a mount, with everything that is mounted below it, to another path."""
    mount(source, target, None, MS_MOVE)


def make_read_only(path):
    """Lets nothing be written at the mount of this path, nor at those below it."""
    attributes = (ctypes.c_uint64 * 4)(1, 0, 0, 0)
    at_fdcwd, recursive, mount_setattr = -100, 0x8000, 442
    _call('syscall', mount_setattr, at_fdcwd, _bytes(path), recursive, ctypes.byref(attributes), ctypes.c_size_t(32))


def become_root(path):
    """Makes a mounted folder the root of this mount namespace. The earlier root is below it, out of reach."""
    os.chdir(path)
    move('.', '/')
    os.chroot('.')
    os.chdir('/')


def unshare(flags):
    _call('unshare', flags)


def die_with_parent():
    death_signal = 1
    _call('prctl', death_signal, SIGKILL, 0, 0, 0)


def fork_apart():
    """Like os.fork. The child is the first process of a PID namespace, and has a mount namespace of its own."""
    number = _clone_numbers.get(os.uname().machine) if sys.maxsize > 2**32 else None
    if number is None:
        raise OSError(0, 'this processor is not known')
    flags = CLONE_NEWNS | CLONE_NEWPID | SIGCHLD
    return _call('syscall', number, ctypes.c_ulong(flags), None, None, None, None)


def _call(name, *arguments):
    result = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, '%s: %s' % (name, os.strerror(number)))
    return result


def _bytes(text):
    return None if text is None else os.fsencode(text)


_clone_numbers = {'x86_64': 56, 'aarch64': 220}
# The lock of the interpreter is kept during a call, so that a forked child has it.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

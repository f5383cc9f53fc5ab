# System calls that Python's own modules do not offer, and processes that share the memory of this one.

import ctypes
import os
import signal

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_MOVE, MS_REC, MS_SLAVE = 4096, 8192, 16384, 1 << 19
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000


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
    """A new PID namespace is that of later children only."""
    _call('unshare', flags)


def enter(namespace):
    """A PID namespace is that of later children only."""
    _call('setns', namespace, 0)


def own_namespace(name):
    """Opens a namespace of this process, also where /proc is another one or none."""
    if not _processes:
        _processes.append(os.open('/proc', os.O_RDONLY))
    return os.open('self/ns/' + name, os.O_RDONLY, dir_fd=_processes[0])


def watch_end(pid):
    """A file descriptor that is ready when the process has ended."""
    pidfd_open = 434
    return _call('syscall', pidfd_open, pid, 0)


def die_with_parent():
    _call('prctl', _set_death_signal, int(signal.SIGKILL), 0, 0, 0)


def hide_memory():
    """Keeps processes that share the memory of this one from being looked into, unless by root."""
    _call('prctl', _set_dumpable, 0, 0, 0, 0)


def start_idle():
    """
    Starts a process that only waits until it is killed: the first of a PID namespace, for which the kernel then reaps
    all others. It has the memory of this process, because a copy of that would take longer than everything else.
    """
    # What a process ignores, its copy ignores too.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        return _clone(_pause, _idle_stack)
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def run_beside(function):
    """
    Calls a function in a process of its own, which is in the namespaces of later children, and returns when that has
    ended. It has the memory of this process, which stands still meanwhile: for Python, it is a call like any other.
    """
    outcome = []

    def act(_):
        try:
            function()
        except BaseException as error:
            outcome.append(error)
        return 0

    os.waitpid(_clone(ctypes.cast(_action(act), ctypes.c_void_p), _second_stack, _clone_vfork), 0)
    if outcome:
        raise outcome[0]


def _clone(action, stack, flags=0):
    return _call('clone', action, ctypes.c_void_p(stack), flags | _clone_vm | int(signal.SIGCHLD), None)


def _call(name, *arguments):
    result = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, '%s: %s' % (name, os.strerror(number)))
    return result


def _bytes(text):
    return None if text is None else os.fsencode(text)


def _place_below_stack():
    """An address far below what the stack of this process uses. Python may want to find itself on that stack."""
    with open('/proc/self/maps') as file:
        line = next(line for line in file if line.rstrip().endswith('[stack]'))
    return int(line[: line.index('-')], 16) - (256 << 10)


_processes = []
_clone_vm, _clone_vfork = 0x100, 0x4000
_set_death_signal, _set_dumpable = 1, 4
# The lock of the interpreter is kept during a call.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_pause = ctypes.cast(_libc.pause, ctypes.c_void_p)
_action = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_idle_memory = ctypes.create_string_buffer(1 << 14)
_idle_stack = (ctypes.addressof(_idle_memory) + len(_idle_memory)) & ~15
_second_stack = _place_below_stack() & ~15

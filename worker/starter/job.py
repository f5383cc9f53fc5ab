# One job: its namespaces, its command, and what arrives from it. The namespaces belong to a first process, which only
# waits. This program enters them, starts the command there, and goes back to its own. While it is there it loads no
# module, because the files may be the job's.

import errno
import os
import signal

import job_root
import kernel
from log_socket import open_log_sockets
from removal import remove

STDOUT, STDERR, LOG = b'O', b'E', b'L'


def note_own_namespaces():
    """To be called before the first job."""
    own_namespaces.extend(kernel.own_namespace(name) for name in ('mnt', 'pid'))


own_namespaces = []


class Job:
    """A job whose command has been started. With a shelf, its `/` and its log sockets are those that are kept there."""

    def __init__(self, request, shelf=None):
        self.request = request
        self.shelf = shelf
        self.waste = []
        # Where its output and its log lines arrive, and the kind of each.
        self.sources = {}
        self.first = self.command = self.command_end = None
        self.namespaces = []
        try:
            self.begin()
        except BaseException:
            self.end()
            self.tidy_up()
            raise

    def begin(self):
        request = self.request
        if request['root']:
            job_root.look_at_mounts()
        if self.shelf:
            self.sources = {source: LOG for source in self.shelf.sources}
        elif request['logFolder']:
            self.sources = {source: LOG for source in open_log_sockets(request['logFolder'])}
        writers = [self.open_pipe(kind) for kind in (STDOUT, STDERR)]
        try:
            if self.shelf:
                self.waste = self.shelf.enter_root(request['root'])
            kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWPID)
            self.namespaces.append(kernel.own_namespace('mnt'))
            self.first = kernel.start_idle()
            self.namespaces.append(kernel.own_namespace('pid_for_children'))
            problem = job_root.show_own('') if self.shelf else job_root.enter(request)
            if problem:
                os.write(writers[1], problem.encode() + b'\n')
            os.chdir(request['home'])
            with processors_of(request):
                self.command = spawn(request['command'], request['variables'], writers)
            self.command_end = kernel.watch_end(self.command)
        finally:
            go_back()
            for writer in writers:
                os.close(writer)

    def open_pipe(self, kind):
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        self.sources[reader] = kind
        return writer

    def read(self, source):
        """Returns what has arrived, or None if that is nothing."""
        try:
            chunk = os.read(source, CHUNK)
        except BlockingIOError:
            return None
        # The end of a stream. A datagram may be empty.
        if not chunk and self.sources[source] != LOG:
            del self.sources[source]
            os.close(source)
            return None
        return chunk

    def has_ended(self):
        return self.command_end is None

    def take_end(self):
        """Returns the exit code of the command, or the signal that ended it."""
        how = os.waitpid(self.command, 0)[1]
        os.close(self.command_end)
        self.command_end = None
        return {'code': None, 'signal': os.WTERMSIG(how)} if os.WIFSIGNALED(how) else {'code': os.WEXITSTATUS(how), 'signal': None}

    def keep(self):
        """Leaves what the command has left behind, and a process in whose variables the job can be entered."""
        request = self.request
        try:
            for namespace in self.namespaces:
                kernel.enter(namespace)
            with processors_of(request):
                spawn(['/bin/bash', '-c', KEEPER], dict(request['variables'], **request['keeper']), [])
        finally:
            go_back()

    def stop(self):
        """Asks the command to end."""
        if not self.has_ended():
            os.killpg(self.command, signal.SIGTERM)

    def kill(self):
        os.kill(self.first, signal.SIGKILL)

    def end(self):
        """Ends everything in its namespaces. The kernel does so before the first process is gone."""
        if self.first is None:
            return
        self.kill()
        # Those that this program has started wait for it.
        while os.waitpid(-1, 0)[0] != self.first:
            pass
        self.first = None

    def tidy_up(self):
        """Returns the folders that remain to be removed."""
        # Taking the mounts down costs as much as the start of a job. Nobody needs to wait for that.
        for fd in [*self.sources, *self.namespaces]:
            if not self.shelf or fd not in self.shelf.sources:
                os.close(fd)
        root = self.request['root']
        return self.waste + ([root['work']] if root and not self.shelf else [])


class processors_of:
    """
    Meanwhile this program, and so what it starts, has as many processors as the instance type of the job. The jobs of
    neighbouring slots get others.
    """

    def __init__(self, request):
        self.count = request['cores']

    def __enter__(self):
        self.own = os.sched_getaffinity(0)
        every = sorted(self.own)
        if self.count < len(every):
            start = SLOT * self.count
            os.sched_setaffinity(0, {every[(start + at) % len(every)] for at in range(self.count)})

    def __exit__(self, *_):
        if self.count < len(self.own):
            os.sched_setaffinity(0, self.own)


def go_back():
    for namespace in own_namespaces:
        kernel.enter(namespace)


def spawn(command, variables, outputs):
    path = find_program(command[0], variables.get('PATH', ''))
    actions = [(os.POSIX_SPAWN_OPEN, 0, '/dev/null', os.O_RDONLY, 0)]
    for number in (1, 2):
        if outputs:
            actions.append((os.POSIX_SPAWN_DUP2, outputs[number - 1], number))
        else:
            actions.append((os.POSIX_SPAWN_OPEN, number, '/dev/null', os.O_WRONLY, 0))
    # Python ignores these, and programs expect that nothing does.
    defaults = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT]
    return os.posix_spawn(
        path, command, variables, file_actions=actions, setsid=True, setsigmask=[], setsigdef=defaults
    )


def find_program(name, path):
    if '/' in name:
        return name
    for folder in path.split(':'):
        candidate = os.path.join(folder, name)
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    raise OSError(errno.ENOENT, '%s is not on the PATH' % name)


CHUNK = 1 << 16
# The place of the worker among those of this machine.
SLOT = int(os.environ.get('ESPALIER_SLOT') or os.getpid())
# The process that keeps a job after its command has ended.
KEEPER = "trap '' TERM INT HUP; while :; do sleep 86400 & wait; done"

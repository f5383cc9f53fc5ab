# Starts the processes of the jobs of one worker, one job after another, in namespaces of their own. The worker's side is
# worker/starter/starter.ts, which describes the requests and the events. It ends when its worker does: the pipe of the
# requests is then closed.

import errno
import gc
import json
import os
import select
import signal
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import job_root
import kernel

REQUESTS, EVENTS = 0, 1


class Starter:
    def __init__(self):
        self.input = bytearray()
        self.output = bytearray()
        self.pipes = []
        self.job = None
        self.waste = []
        os.set_blocking(EVENTS, False)

    def serve(self):
        self.offer_pipes()
        while True:
            looks = select.poll()
            looks.register(REQUESTS, select.POLLIN)
            if self.output:
                looks.register(EVENTS, select.POLLOUT)
            if self.job:
                looks.register(self.job.status, select.POLLIN)
                # The senders of log lines wait while nobody reads the events.
                for receiver in () if self.output else self.job.receivers:
                    looks.register(receiver, select.POLLIN)
            ready = [fd for fd, _ in looks.poll(IDLE_MS if self.waste else None)]
            # To remove folders can take as long as a job.
            if self.waste and (not ready or len(self.waste) > WASTE_LIMIT):
                self.remove_waste()
            if EVENTS in ready:
                self.write()
            if self.job and self.job.status in ready:
                self.look_at_job()
            if self.job:
                self.pass_on([one for one in self.job.receivers if one.fileno() in ready])
            if REQUESTS in ready and not self.read_requests():
                return self.close()

    def close(self):
        if self.job:
            os.kill(self.job.pid, signal.SIGKILL)
            self.job.wait()
            self.waste += self.job.tidy_up()
        while self.waste:
            self.remove_waste()

    def remove_waste(self):
        try:
            job_root.remove_work(self.waste.pop())
        except OSError:
            pass  # The worker removes it at the same time, and says what it cannot remove.

    def offer_pipes(self):
        """Makes the pipes of the next job. The worker opens their ends before it asks for the job."""
        self.pipes = [os.pipe(), os.pipe()]
        self.say(kind='pipes', pipes=[self.pipes[0][0], self.pipes[1][0]])

    def say(self, **event):
        self.output += json.dumps(event).encode() + b'\n'
        self.write()

    def write(self):
        try:
            while self.output:
                del self.output[: os.write(EVENTS, self.output)]
        except BlockingIOError:
            pass

    def read_requests(self):
        chunk = os.read(REQUESTS, 1 << 20)
        self.input += chunk
        while len(self.input) >= 4:
            (length,) = struct.unpack_from('>I', self.input)
            if len(self.input) < 4 + length:
                break
            request = json.loads(bytes(self.input[4 : 4 + length]))
            del self.input[: 4 + length]
            if request['kind'] == 'start':
                self.start(request)
            elif self.job and not self.job.is_over:
                os.kill(self.job.pid, signal.SIGKILL if request['kind'] == 'kill' else signal.SIGTERM)
        return len(chunk) > 0

    def start(self, request):
        work = request['root'] and request['root']['work']
        if work in self.waste:
            self.waste.remove(work)
        try:
            self.job = Job(request, [self.pipes[0][1], self.pipes[1][1]])
        except OSError as error:
            self.say(kind='failed', failure=describe(error))
            self.say(kind='ended')
        for pipe in self.pipes:
            for end in pipe:
                os.close(end)
        self.offer_pipes()

    def look_at_job(self):
        job = self.job
        events = job.read_status()
        for event in events:
            self.say(**event)
        if not events:
            job.wait()
            self.pass_on(job.receivers)
            self.job = None
            self.say(kind='ended')
            self.waste += job.tidy_up()

    def pass_on(self, receivers):
        """Passes on what was sent to log sockets."""
        for receiver in receivers:
            try:
                while len(self.output) < OUTPUT_LIMIT or self.job.is_over:
                    self.output += line_of(receiver.recv(65536))
            except BlockingIOError:
                pass
        self.write()


class Job:
    """The first process of a job's namespaces, and what belongs to it here."""

    def __init__(self, request, outputs):
        self.is_over = False
        self.work = request['root'] and request['root']['work']
        if self.work:
            job_root.remove_work(self.work)
        self.receivers = open_receivers(request['logFolder'])
        if self.work:
            job_root.look_at_mounts()
        self.status, status = os.pipe()
        self.pid = kernel.fork_apart()
        if self.pid == 0:
            run_first_process(request, status, outputs)
        os.close(status)
        # Taking the mounts down costs as much as the start of a job. Nobody needs to wait for that.
        try:
            self.mounts = os.open('/proc/%d/ns/mnt' % self.pid, os.O_RDONLY)
        except FileNotFoundError:
            self.mounts = None  # It has ended already.

    def read_status(self):
        """Returns the reports of the first process. There is none when it has closed its end, which it does by ending."""
        return [json.loads(line) for line in os.read(self.status, 4096).splitlines()]

    def wait(self):
        """The kernel ends every other process of the namespace before it reports the end of the first."""
        os.waitpid(self.pid, 0)
        self.is_over = True
        os.close(self.status)

    def tidy_up(self):
        """Returns the folders that remain to be removed."""
        for receiver in self.receivers:
            receiver.close()
        if self.mounts is not None:
            os.close(self.mounts)
        return [self.work] if self.work else []


def run_first_process(request, status, outputs):
    """Never returns. Runs the command, and reports how it ended."""
    try:
        os.setsid()
        kernel.die_with_parent()
        # The parent may have ended before the line above.
        looks = select.poll()
        looks.register(status, 0)
        if looks.poll(0):
            os._exit(1)
        nowhere = os.open('/dev/null', os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nowhere, fd)
        problem = job_root.enter(request)
        if problem:
            os.write(outputs[1], problem.encode() + b'\n')
        os.chdir(request['home'])
        child = spawn(request['command'], request['variables'], outputs)
        for fd in outputs:
            os.close(fd)
        signal.signal(signal.SIGTERM, lambda *_: os.killpg(child, signal.SIGTERM))
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        pid, how = os.wait()
        while pid != child:
            pid, how = os.wait()
        code, number = (None, os.WTERMSIG(how)) if os.WIFSIGNALED(how) else (os.WEXITSTATUS(how), None)
        report(status, kind='exited', code=code, signal=number)
        if request['keeper']:
            os.set_inheritable(status, True)
            os.execve('/bin/bash', ['bash', '-c', KEEPER], dict(request['variables'], **request['keeper']))
    except Exception as error:
        report(status, kind='failed', failure=describe(error))
    os._exit(0)


def report(status, **event):
    os.write(status, json.dumps(event).encode() + b'\n')


def describe(error):
    return str(getattr(error, 'strerror', None) or error)


def spawn(command, variables, outputs):
    path = find_program(command[0], variables.get('PATH', ''))
    actions = [(os.POSIX_SPAWN_OPEN, 0, '/dev/null', os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_DUP2, fd, index + 1) for index, fd in enumerate(outputs)]
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


def open_receivers(folder):
    """The log sockets of a job (docs/reference/api.md, "Log sockets of a job")."""
    if folder is None:
        return []
    os.makedirs(folder, exist_ok=True)
    receivers = []
    # The path of a socket may not be long.
    os.chdir(folder)
    for name in ('priority', 'bulk'):
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.setblocking(False)
        if os.path.lexists(name):
            os.unlink(name)
        receiver.bind(name)
        os.chmod(name, 0o666)
        receivers.append(receiver)
    os.chdir('/')
    return receivers


def line_of(datagram):
    return json.dumps({'kind': 'log', 'text': datagram.decode('utf-8', 'replace')}).encode() + b'\n'


# The first process of a kept job runs this program after the command has ended. The job can be entered by its variables.
KEEPER = "trap '' TERM INT HUP; while :; do sleep 86400 & wait; done"
OUTPUT_LIMIT = 1 << 16
IDLE_MS = 2
WASTE_LIMIT = 100


def probe(folder):
    """Prints what the kernel gives to jobs whose folders are in this folder, and why it does not give more."""
    answer = {'root': False, 'namespaces': False}
    draft = os.path.join(folder, 'probe-%d' % os.getpid())
    try:
        job_root.prepare()
        os.mkdir(draft)
        answer['reason'] = try_job({'folder': draft, 'work': draft + '.work', 'shown': []})
        answer['root'] = answer['reason'] is None
        answer['namespaces'] = answer['root'] or os.geteuid() == 0 and try_job(None) is None
        job_root.remove_work(draft + '.work')
        job_root.remove_work(draft)
    except OSError as error:
        answer['reason'] = describe(error)
    print(json.dumps(answer))


def try_job(root):
    """Returns why the job could not be started."""
    outputs = [os.open('/dev/null', os.O_WRONLY) for _ in (1, 2)]
    request = {'command': ['/bin/true'], 'home': '/', 'variables': {}, 'keeper': None, 'logFolder': None, 'root': root}
    job = Job(request, outputs)
    events = job.read_status()
    job.wait()
    job.tidy_up()
    for fd in outputs:
        os.close(fd)
    event = events[0] if events else {}
    return None if event.get('code') == 0 else event.get('failure', 'its first process was ended')


def main():
    # A job gets nothing that the worker may have open.
    for name in os.listdir('/proc/self/fd'):
        if int(name) > 2:
            os.closerange(int(name), int(name) + 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A job that is being started gets the signal later.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    if len(sys.argv) > 1:
        return probe(sys.argv[2])
    job_root.prepare()
    # A forked process need not copy memory that the collector does not touch.
    gc.freeze()
    gc.disable()
    Starter().serve()


main()

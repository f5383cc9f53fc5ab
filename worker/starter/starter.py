# Starts the processes of the jobs of one worker, one job after another, in namespaces of their own. The worker's side is
# worker/starter/starter.ts, and worker/starter/link.ts describes the requests and the events. It ends when its worker
# does: the pipe of the requests is then closed.

import gc
import json
import os
import select
import signal
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import job_root
import kernel
from job import Job, note_own_namespaces
from kept_root import Shelf, can_keep, write_programs
from removal import remove

REQUESTS, EVENTS = 0, 1


class Starter:
    def __init__(self):
        self.input = bytearray()
        self.output = bytearray()
        self.job = None
        self.shelf = None
        self.waste = []
        self.folder = None
        os.set_blocking(EVENTS, False)

    def serve(self):
        self.say(kind='ready')
        self.write()
        while True:
            ready = self.wait()
            job = self.job
            if job and not job.has_ended() and job.command_end in ready:
                self.say(kind='exited', **job.take_end())
                self.after_command()
            elif job:
                for source in [source for source in job.sources if source in ready]:
                    self.pass_on(source)
            if REQUESTS in ready and not self.read_requests():
                return self.close()
            self.write()

    def wait(self):
        looks = select.poll()
        looks.register(REQUESTS, select.POLLIN)
        if self.output:
            looks.register(EVENTS, select.POLLOUT)
        if self.job:
            if not self.job.has_ended():
                looks.register(self.job.command_end, select.POLLIN)
            # The job waits while nobody reads the events.
            for source in self.job.sources if len(self.output) < OUTPUT_LIMIT else ():
                looks.register(source, select.POLLIN)
        while True:
            ready = [fd for fd, _ in looks.poll(self.patience_ms())]
            # To remove folders can take as long as a job.
            if self.waste and (not ready or len(self.waste) > WASTE_LIMIT):
                self.remove_waste()
            elif not ready:
                # A root that nobody uses keeps the disks of the machine busy.
                self.drop_root()
            if ready:
                return ready

    def patience_ms(self):
        if self.waste:
            return IDLE_MS
        seconds = None if self.job or not self.shelf else self.shelf.seconds_left()
        return None if seconds is None else int(seconds * 1000) + 1

    def close(self):
        if self.job:
            self.finish()
        if self.shelf:
            self.waste += [*self.shelf.drop_root(), self.shelf.path]
        if self.folder:
            self.waste.append(self.folder)
        while self.waste:
            self.remove_waste()
        os.set_blocking(EVENTS, True)
        self.write()

    def remove_waste(self):
        path = self.waste.pop()
        try:
            remove(path)
        except (OSError, RecursionError):
            self.say(kind='remains', path=path)

    def say(self, **event):
        self.pack(b'J', json.dumps(event).encode())

    def pack(self, kind, content):
        self.output += struct.pack('>cI', kind, len(content)) + content

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
            self.answer(request)
        return len(chunk) > 0

    def answer(self, request):
        kind = request['kind']
        if kind == 'start':
            self.start(request)
        elif kind == 'clean':
            self.clean(request)
        elif self.job and kind == 'stop':
            self.job.stop()
        elif self.job and self.job.has_ended():
            self.finish()
        elif self.job:
            self.job.kill()

    def start(self, request):
        root = request['root']
        if root:
            self.folder = root['folder']
        try:
            if root and root['work'] in self.waste:
                self.waste.remove(root['work'])
                remove(root['work'])
            self.job = Job(request, self.shelf_for(root))
        except (OSError, ValueError) as error:
            self.say(kind='failed', failure=describe(error))
            self.say(kind='ended')

    def shelf_for(self, root):
        if root is None or root['kept'] is None:
            return self.drop_root()
        if not can_keep():
            return write_programs(root['folder'], root['kept']['programs'])
        self.shelf = self.shelf or Shelf(root['kept']['shelf'])
        self.waste += self.shelf.mend()
        return self.shelf

    def drop_root(self):
        if self.shelf:
            self.waste += self.shelf.drop_root()

    def clean(self, request):
        """Takes what an ended job has left out of the way of the next one."""
        folder = request['folder']
        waste = self.shelf.clean(folder, request['names']) if self.shelf else None
        if waste is None:
            self.put_aside(folder)
        else:
            self.waste += waste
        self.say(kind='cleaned')

    def put_aside(self, folder):
        self.drop_root()
        aside = '%s.old-%d' % (folder, time.monotonic_ns())
        try:
            os.rename(folder, aside)
            self.waste.append(aside)
        except OSError:
            self.say(kind='remains', path=folder)

    def after_command(self):
        if not self.job.request['keeper']:
            return self.finish()
        try:
            self.job.keep()
        except OSError as error:
            self.pack(b'E', describe(error).encode() + b'\n')

    def finish(self):
        """Ends what is left of the job."""
        job, self.job = self.job, None
        job.end()
        for source in list(job.sources):
            while self.pass_on(source, job):
                pass
        self.say(kind='ended')
        self.waste += job.tidy_up()

    def pass_on(self, source, job=None):
        """Passes on what has arrived. Returns whether that was something."""
        job = job or self.job
        kind = job.sources[source]
        chunk = job.read(source)
        if chunk is not None:
            self.pack(kind, chunk)
        return chunk is not None


def describe(error):
    return str(getattr(error, 'strerror', None) or error)


OUTPUT_LIMIT = 1 << 16
IDLE_MS = 2
WASTE_LIMIT = 200


def probe(folder):
    """Prints what the kernel gives to jobs whose folders are in this folder, and why it does not give more."""
    answer = {'root': False, 'namespaces': False}
    draft = os.path.join(folder, 'probe-' + os.urandom(8).hex())
    os.mkdir(draft)
    try:
        answer['reason'] = try_job({'folder': draft, 'work': draft + '.work', 'shown': [], 'kept': None})
        answer['root'] = answer['reason'] is None
        answer['namespaces'] = answer['root'] or os.geteuid() == 0 and try_job(None) is None
    finally:
        remove(draft + '.work')
        remove(draft)
    return answer


def try_job(root):
    """Returns why the job could not be started."""
    request = {
        'command': ['/bin/true'], 'home': '/', 'variables': {}, 'keeper': None, 'logFolder': None, 'root': root, 'cores': 1,
    }
    try:
        job = Job(request)
        end = job.take_end()
        job.end()
        job.tidy_up()
        return None if end['code'] == 0 else 'a first command ended with %s' % end
    except OSError as error:
        return describe(error)


def go_apart():
    """
    Goes on in a process of its own, the first of a PID namespace: whatever ends this one, the kernel then ends all jobs.
    """
    kernel.unshare(kernel.CLONE_NEWPID)
    reader, writer = os.pipe()
    child = os.fork()
    if child > 0:
        os.close(writer)
        how = os.waitpid(child, 0)[1]
        os._exit(os.WEXITSTATUS(how) if os.WIFEXITED(how) else 1)
    kernel.die_with_parent()
    # The parent may have ended before the line above.
    looks = select.poll()
    looks.register(writer, select.POLLERR)
    os.close(reader)
    if looks.poll(0):
        os._exit(1)
    os.close(writer)
    kernel.hide_memory()


def main():
    # A job gets nothing that the worker may have open.
    for name in os.listdir('/proc/self/fd'):
        if int(name) > 2:
            os.closerange(int(name), int(name) + 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It ends when its worker does.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    is_probe = len(sys.argv) > 1
    try:
        job_root.prepare()
        go_apart()
        note_own_namespaces()
    except OSError as error:
        if not is_probe:
            raise
        return print(json.dumps({'root': False, 'namespaces': False, 'reason': describe(error)}))
    if is_probe:
        return print(json.dumps(probe(sys.argv[2])))
    gc.disable()
    Starter().serve()


main()

# The `/` of the jobs of one worker, which is kept for a moment while no job has changed it. Jobs write mostly into their
# home and into /tmp, which are folders of their own. To make and remove many files is slow on common disks.

import fcntl
import os
import stat
import struct
import time

import job_root
import kernel
from job import go_back
from log_socket import open_log_sockets
from removal import remove


class Shelf:
    """What the worker keeps from job to job, in a folder beside that of its jobs."""

    def __init__(self, path):
        self.path = path
        self.count = 0
        self.root = None
        self.open_sockets()

    def open_sockets(self):
        self.log_folder = self.new_path()
        self.sources = open_log_sockets(self.log_folder)
        self.log_content = log_content_of(self.log_folder)

    def mend(self):
        """Makes the log sockets again if a job has changed them. Returns the folders that remain to be removed."""
        if self.log_content == log_content_of(self.log_folder):
            return []
        for source in self.sources:
            os.close(source)
        waste = [*self.drop_root(), self.log_folder]
        self.open_sockets()
        return waste

    def new_path(self):
        self.count += 1
        return os.path.join(self.path, str(self.count))

    def enter_root(self, request):
        """Goes to a mount namespace whose `/` is that of the job, and of later ones if this one does not change it."""
        if self.root and self.root.serves(request):
            return []
        waste = self.drop_root()
        self.root = KeptRoot(request, self.new_path(), self.log_folder)
        return waste

    def drop_root(self):
        """Returns the folders that remain to be removed."""
        root, self.root = self.root, None
        if root is None:
            return []
        os.close(root.namespace)
        return [root.work]

    def seconds_left(self):
        """After these the root serves no job any more."""
        return None if self.root is None else max(0, self.root.until - time.monotonic())

    def clean(self, folder, names):
        """
        Makes the folder of an ended job ready for the next one. Returns the folders that remain to be removed, or None if
        the next job needs a new folder.
        """
        if self.root is None or not self.root.is_unchanged():
            return None
        return clean(folder, names, self.new_path())


class KeptRoot:
    """A mount namespace in which the folder of a worker's jobs is laid over the machine's files."""

    def __init__(self, request, work, log_folder):
        self.request = request
        self.folder = request['folder']
        self.work = work
        self.mounts = job_root.known_mounts['text']
        self.until = time.monotonic() + LIFE_SECONDS
        kernel.unshare(kernel.CLONE_NEWNS)
        self.namespace = kernel.own_namespace('mnt')
        # An earlier program may have died here.
        remove(work)
        os.makedirs(work)
        root = job_root.Root(dict(request, work=work), log_folder, make_base(work, request['kept']['programs']))
        root.lay_over_all()
        root.show_system()
        self.overlaid = root.overlaid
        # What a job has changed is known by what is there now.
        self.content = content_of(self.folder)
        kernel.make_read_only(root.top + job_root.LOG_FOLDER)
        kernel.bind(self.folder + HOME, root.top + HOME)
        kernel.become_root(root.top)

    def serves(self, request):
        """Whether a new root for this job would be the same. If so, this process is in its namespace afterwards."""
        if (
            request != self.request
            or self.mounts != job_root.known_mounts['text']
            or time.monotonic() > self.until
            or not self.is_unchanged()
        ):
            return False
        kernel.enter(self.namespace)
        # A job with the rights of root may have made them read-only.
        if any(os.statvfs(path).f_flag & os.ST_RDONLY for path in self.overlaid):
            go_back()
            return False
        return True

    def is_unchanged(self):
        return self.content is not None and self.content == content_of(self.folder)


def make_base(work, programs):
    """Makes the layer of programs of ours, in memory."""
    base = os.path.join(work, 'base')
    os.mkdir(base)
    kernel.mount('tmpfs', base, 'tmpfs', kernel.MS_NOSUID | kernel.MS_NODEV, 'mode=755')
    os.makedirs(base + job_root.LOG_FOLDER)
    write_programs(base, programs)
    return base


def write_programs(folder, programs):
    for path, text in programs.items():
        os.makedirs(os.path.dirname(folder + path), exist_ok=True)
        with open(folder + path, 'w') as file:
            file.write(text)
        os.chmod(folder + path, 0o755)


def log_content_of(folder):
    names = sorted(os.listdir(folder))
    return [facts_of(folder), *(facts_of(os.path.join(folder, name)) for name in names)]


def content_of(folder, path=''):
    """
    The facts about a folder of jobs, except what is in its home and in /tmp. None if there are more than folders.
    """
    if path in OWN:
        return [(facts_of(folder + path), flags_of(folder + path))]
    found = [(facts_of(folder + path), os.lstat(folder + path).st_mtime_ns)]
    for name in sorted(os.listdir(folder + path)):
        inner = path + '/' + name
        content = content_of(folder, inner) if job_root.is_folder(folder + inner) else None
        if content is None:
            return None
        found += content
    return found


def facts_of(path):
    """Which file or folder it is, and who may do what with it."""
    status = os.lstat(path)
    names = sorted(set(os.listxattr(path, follow_symlinks=False)) - KERNEL_NOTES)
    attributes = [(name, os.getxattr(path, name, follow_symlinks=False)) for name in names]
    return path, status.st_ino, status.st_mode, status.st_uid, status.st_gid, attributes


def flags_of(folder):
    """What chattr(1) changes, such as that nothing may be added."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        return struct.unpack('i', fcntl.ioctl(opened, GET_FLAGS, bytes(4)))
    except OSError:
        return None  # The disk knows no such flags.
    finally:
        os.close(opened)


def clean(folder, names, aside):
    """
    Removes what a job has left in its home and in /tmp. Files with these names stay, to be written over, if they are
    like those that the worker makes. Folders are moved: to remove them can take as long as a job.
    """
    waste = []
    for path in OWN:
        left = os.listdir(folder + path)
        if len(left) > MANY_ENTRIES or os.lstat(folder + path).st_size > LARGE_FOLDER:
            return None
        for name in left:
            entry = folder + path + '/' + name
            if path == HOME and name in names and is_plain(entry):
                continue
            try:
                if job_root.is_folder(entry):
                    waste.append('%s.%d' % (aside, len(waste)))
                    os.rename(entry, waste[-1])
                else:
                    os.unlink(entry)
            except OSError:
                return None
    return waste


def is_plain(path):
    try:
        # A file that only grows, or never changes, cannot be opened so.
        opened = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        status = os.fstat(opened)
        return (
            status.st_mode == stat.S_IFREG | 0o644
            and status.st_nlink == 1
            and (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())
            and status.st_size <= LARGE_FILE
            and not os.listxattr(opened)
        )
    finally:
        os.close(opened)


def can_keep():
    """A user other than root gets an overlay for each folder, and what lies behind a link is moved."""
    return os.geteuid() == 0 and not any(os.path.islink(path) for path in ('/home', *OWN))


HOME = '/home/dnanexus'
OWN = (HOME, '/tmp')
# What changes on the machine is seen by jobs that start later than this.
LIFE_SECONDS = 1
# The kernel adds these when it first looks into a folder.
KERNEL_NOTES = {'trusted.overlay.' + name for name in ('impure', 'origin', 'uuid')}
MANY_ENTRIES = 100
LARGE_FOLDER = 1 << 16
LARGE_FILE = 1 << 20
# FS_IOC_GETFLAGS of ioctl_iflags(2): the size of a long is in it.
GET_FLAGS = 2 << 30 | struct.calcsize('l') << 16 | ord('f') << 8 | 1

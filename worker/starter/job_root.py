# Shows a job its own folder in the place of `/`, over the machine's files, which the job cannot change. All mounts are in
# mount namespaces of the starter and of its jobs.

import collections
import errno
import os

import kernel


def prepare():
    """Gets the right to mount, once for all jobs. Later mounts of the machine are seen, and none of ours is seen there."""
    if os.geteuid() == 0:
        kernel.unshare(kernel.CLONE_NEWNS)
    else:
        user, group = os.geteuid(), os.getegid()
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
        for name, text in (
            ('setgroups', 'deny'),
            ('uid_map', '%d %d 1' % (user, user)),
            ('gid_map', '%d %d 1' % (group, group)),
        ):
            with open('/proc/self/' + name, 'w') as file:
                file.write(text)
    kernel.mount(None, '/', None, kernel.MS_REC | kernel.MS_SLAVE)


def enter(request):
    """
    Changes what this process sees in the new mount namespace of a job. Returns a problem that does not keep the job from
    running.
    """
    if request['root'] is None:
        problem = show_log(request['logFolder'])
        show_processes('/proc')
        return problem
    root = Root(request['root'], request['logFolder'])
    if os.geteuid() == 0:
        root.lay_over_all()
    else:
        root.lay_over_each()
    root.show_system()
    show_own(root.top)
    kernel.become_root(root.top)
    return None


def show_own(top):
    """Shows the processes and the shared memory of a job alone."""
    if os.path.isdir(top + '/dev/shm'):
        kernel.mount('tmpfs', top + '/dev/shm', 'tmpfs', kernel.MS_NOSUID | kernel.MS_NODEV, 'mode=1777')
    show_processes(top + '/proc')


class Root:
    def __init__(self, request, log_folder, base=None):
        self.base = base
        self.folder = request['folder']
        self.work = request['work']
        self.top = os.path.join(self.work, 'root')
        self.layers = request.get('layers', [])
        self.count = 0
        self.overlaid = []
        os.makedirs(self.top, exist_ok=True)
        # Other users than the one of the job, such as that of apt, must get through `/`.
        os.chmod(self.folder, 0o755)
        follow_links(self.folder)
        # The kernel must not find new files in a folder of the job that is already overlaid.
        self.make('/tmp')
        os.chmod(self.folder + '/tmp', 0o1777)
        self.shown = [path for path in request['shown'] if is_in(path, ('/tmp',)) and os.path.isdir(path)]
        self.log_folder = log_folder
        for path in self.shown + ([LOG_FOLDER] if log_folder and not base else []):
            self.make(path)

    def make(self, path):
        os.makedirs(self.folder + path, exist_ok=True)

    def overlay(self, path):
        """Shows a folder of the machine and of the layers at its own path. Changes by the job land in the job's folder."""
        self.count += 1
        work = os.path.join(self.work, str(self.count))
        upper = self.folder + path.rstrip('/')
        os.mkdir(work)
        lower = ':'.join(escaped(one) for one in self.lower_folders(path))
        layers = 'lowerdir=%s,upperdir=%s,workdir=%s' % (lower, escaped(upper), escaped(work))
        # The kernel need not save the files of the job to the disk when it ends.
        options = layers + ',volatile' + ('' if os.geteuid() == 0 else ',userxattr')
        kernel.mount('overlay', self.top + path, 'overlay', 0, options)
        self.overlaid.append(path)

    def lower_folders(self, path):
        """What an overlay of this folder lies over, the uppermost first."""
        layers = [layer + path for layer in self.layers_of(path) if not self.lies_in(layer, path)]
        # The base is not on a disk of the machine, so the kernel takes it anywhere.
        if self.base and is_folder(self.base + path):
            layers.append(self.base + path)
        return layers + ([path] if not layers or os.path.isdir(path) else [])

    def layers_of(self, path):
        return [layer for layer in self.layers if is_folder(layer + path)]

    def lies_in(self, layer, path):
        """The kernel refuses a layer below another one, so the folders of such a layer are overlaid further down."""
        return is_in(layer, (path.rstrip('/'),))

    def find_layered(self, path='/'):
        """Makes ready, and returns, the folders that need an overlay of their own because a layer has them."""
        found = []
        for name in sorted(set(name for layer in self.layers_of(path) for name in os.listdir(layer + path))):
            inner = os.path.join(path, name)
            if name in SYSTEM and path == '/' or os.path.islink(inner):
                continue
            layers = self.layers_of(inner)
            if not layers:
                self.copy(inner)
                continue
            self.make(inner)
            found.append(inner)
            if any(self.lies_in(layer, inner) for layer in layers):
                found += self.find_layered(inner)
        return found

    def copy(self, path):
        """Copies a file or link of a layer to the job, which does not have it yet."""
        if os.path.lexists(self.folder + path):
            return
        import shutil  # It takes long to load, and few jobs need it.

        for layer in self.layers:
            source = layer + path
            if os.path.islink(source) or os.path.isfile(source):
                return shutil.copy2(source, self.folder + path, follow_symlinks=False)

    def show(self, path, may_overlay=True):
        """Shows a part of the machine, read-only if it is not overlaid."""
        try:
            if may_overlay:
                return self.overlay(path)
        except OSError:
            pass
        try:
            kernel.bind(path, self.top + path)
        except OSError:
            return  # It is hidden by another mount, or its owner keeps it from everybody else.
        kernel.make_read_only(self.top + path)

    def lay_over_all(self):
        mounts = known_mounts['mounts']
        for path, is_disk in mounts:
            if is_disk:
                self.make(path)
        layered = [Mount(path, True) for path in self.find_layered()] if self.layers else []
        self.overlay('/')
        for path, is_disk in sorted(set(mounts + layered)) if layered else mounts:
            self.show(path, is_disk)

    def lay_over_each(self):
        """For a user who may not overlay `/`, because something is mounted below it: one overlay for each folder."""
        for name in WRITABLE:
            self.make('/' + name)
        for name in os.listdir('/'):
            if name not in SYSTEM and os.path.isdir('/' + name) and not os.path.islink('/' + name):
                self.make('/' + name)
        if self.layers:
            self.find_layered()
        kernel.mount('tmpfs', self.top, 'tmpfs', kernel.MS_NOSUID | kernel.MS_NODEV, 'mode=755')
        for name in sorted(set(os.listdir('/')) | set(os.listdir(self.folder))):
            if name not in SYSTEM:
                self.lay_over('/' + name)

    def lay_over(self, path):
        own = self.folder + path
        if os.path.islink(path):
            return os.symlink(os.readlink(path), self.top + path)
        is_shown = os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK)
        layers = self.layers_of(path) if self.layers else []
        if not is_shown and not layers:
            return bind_new(own, self.top + path) if os.path.lexists(own) else None
        os.mkdir(self.top + path)
        try:
            if any(self.lies_in(layer, path) for layer in layers):
                raise OSError(errno.ELOOP, 'a layer lies in this folder')
            self.overlay(path)
        except OSError:
            if layers:
                self.find_layered(path)
            self.put_together(path)

    def put_together(self, path):
        """The entries of a folder that cannot be overlaid, each for itself."""
        names = set(os.listdir(path)) | (set(os.listdir(self.folder + path)) if os.path.isdir(self.folder + path) else set())
        for name in names:
            inner = os.path.join(path, name)
            if os.path.lexists(self.folder + inner):
                if os.path.isdir(inner) and not os.path.islink(inner):
                    self.lay_over(inner)
                else:
                    bind_new(self.folder + inner, self.top + inner)
            elif os.path.islink(inner):
                os.symlink(os.readlink(inner), self.top + inner)
            elif os.access(inner, os.R_OK):
                make_like(inner, self.top + inner)
                self.show(inner, may_overlay=False)

    def show_system(self):
        for name in SYSTEM:
            os.makedirs(os.path.join(self.top, name), exist_ok=True)
        for path in ('/dev', '/sys'):
            try:
                # To move a mount costs less than to make it again, but an ordinary user may not.
                kernel.move(path, self.top + path)
            except OSError:
                kernel.bind(path, self.top + path)
        kernel.bind(self.folder + '/tmp', self.top + '/tmp')
        if self.log_folder:
            kernel.bind(self.log_folder, self.top + LOG_FOLDER)
        for path in self.shown:
            self.show(path)


def show_processes(path):
    """Mounts /proc, which shows the PID namespace of the process that mounts it."""
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.run_beside(lambda: kernel.mount('proc', path, 'proc', flags))


def follow_links(folder, path='/'):
    """
    Moves what lies where the machine has a link to a folder, such as /bin, into the folder that the link leads to. The
    job's folder would hide the link, and with it the programs of the machine.
    """
    for name in os.listdir(folder + path):
        own = os.path.join(path, name)
        if os.path.islink(folder + own) or not os.path.isdir(folder + own) or not os.path.isdir(own):
            continue
        if os.path.islink(own):
            move_into(folder + own, folder + os.path.realpath(own))
        else:
            follow_links(folder, own)


def move_into(source, target):
    if os.path.islink(source) or not os.path.isdir(source) or not os.path.isdir(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        return os.rename(source, target)
    for name in os.listdir(source):
        move_into(os.path.join(source, name), os.path.join(target, name))
    os.rmdir(source)


Mount = collections.namedtuple('Mount', 'path is_disk')


def look_at_mounts():
    """Notes what is mounted on this machine. To be called before each job."""
    with open('/proc/self/mountinfo', 'rb', buffering=0) as file:
        text = file.readall()
    if text != known_mounts['text']:
        known_mounts.update(text=text, mounts=read_mounts(text))


def read_mounts(text):
    """The mounts below `/` that a job is shown, those above others first, and whether each is a disk that can be written."""
    mounts = {}
    for line in text.splitlines():
        words = line.split(b' ')
        kind = words[words.index(b'-') + 1].decode()
        path = unescaped(os.fsdecode(words[4]))
        mounts[path] = kind in DISKS and words[5].startswith(b'rw') and os.path.isdir(path)
    return [Mount(path, mounts[path]) for path in sorted(mounts) if path != '/' and not is_in(path, PASSED_OVER)]


known_mounts = {'text': b'', 'mounts': []}


def is_folder(path):
    return os.path.isdir(path) and not os.path.islink(path)


def is_in(path, folders):
    return any(path == folder or path.startswith(folder + '/') for folder in folders)


def escaped(path):
    return path.replace('\\', '\\\\').replace(':', '\\:').replace(',', '\\,')


def unescaped(point):
    for code in ('040', '011', '012', '134'):
        point = point.replace('\\' + code, chr(int(code, 8)))
    return point


def show_log(folder):
    """Shows the log sockets at their fixed path without a root of the job's own. Returns the problem, if there is one."""
    if folder is None:
        return None
    aside = folder + '.opt'
    try:
        os.makedirs(aside, exist_ok=True)
        kernel.mount('tmpfs', aside, 'tmpfs', kernel.MS_NOSUID | kernel.MS_NODEV, 'mode=755,size=1m')
        for name in set(os.listdir('/opt')) - {'dnanexus'}:
            bind_new(os.path.join('/opt', name), os.path.join(aside, name))
        target = aside + LOG_FOLDER[len('/opt') :]
        os.makedirs(target)
        kernel.bind(folder, target)
        kernel.move(aside, '/opt')
        return None
    except OSError:
        return LOG_FOLDER + ' cannot be mounted: lines that dxpy would send there appear as STDERR'


def bind_new(source, target):
    """Shows a file or folder where nothing is yet. A link is copied."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    else:
        make_like(source, target)
        kernel.bind(source, target)


def make_like(source, target):
    if os.path.isdir(source):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT))


LOG_FOLDER = '/opt/dnanexus/log'
# These are the machine's own, or made for each job.
SYSTEM = ('dev', 'proc', 'sys', 'tmp')
DISKS = ('ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'bcachefs', 'tmpfs')
# Mounts below these are not shown one by one, or not at all.
PASSED_OVER = ('/dev', '/proc', '/sys', '/tmp', '/boot', '/snap', '/run/lock', '/run/user', '/var/lib/docker')
# In these a job of an ordinary user may make files. The folders of the machine belong to other users.
WRITABLE = (
    'etc', 'home', 'media', 'mnt', 'opt', 'root', 'run', 'srv', 'usr/bin', 'usr/include', 'usr/lib', 'usr/libexec',
    'usr/local/bin', 'usr/local/etc', 'usr/local/include', 'usr/local/lib', 'usr/local/sbin', 'usr/local/share',
    'usr/sbin', 'usr/share', 'usr/src', 'var/cache', 'var/lib', 'var/local', 'var/log', 'var/opt', 'var/spool', 'var/tmp',
)

# Removes the folders of jobs that are over.

import os


def remove(path):
    """An OSError or a RecursionError says that something could not be removed."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except (IsADirectoryError, PermissionError):
        remove_folder(path)


def remove_folder(path):
    try:
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            os.chmod(path, 0o700)
        for name in os.listdir(path):
            remove(os.path.join(path, name))
        os.rmdir(path)

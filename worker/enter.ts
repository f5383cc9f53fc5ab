// The way into a held job: a shell, or a command, in the namespaces, folder and environment of its code. On one machine
// `espalier enter` runs this program, and in a container the job's own folder holds it. It imports nothing.

/** Marks the processes that keep a job, for the program below. Its value names the task, or the job in a container. */
export const keeperVariable = 'ESPALIER_KEEPER';

/**
 * A bash program: `bash -c PROGRAM bash KEY [COMMAND...]`. The variables of the job, its token included, are read from
 * the kernel, so that they are neither in a file nor on a command line.
 */
export const enterProgram = `
key=$1
shift
keeper=
for status in /proc/[0-9]*/status; do
  folder=\${status%/status}
  grep -qzxF -- "${keeperVariable}=$key" "$folder/environ" 2>/dev/null || continue
  keeper=\${folder#/proc/}
  # The first process of the job's PID namespace is in all of its namespaces.
  case "$(sed -n 's/^NSpid:[[:space:]]*//p' "$status")" in *[[:space:]]1) break ;; esac
done
if [ -z "$keeper" ]; then
  echo "No process of the held job is running here: its hold has just ended, or the system has no /proc." >&2
  exit 1
fi
inside=()
if [ "$(readlink /proc/self/ns/pid)" != "$(readlink "/proc/$keeper/ns/pid")" ]; then
  inside=("$(command -v nsenter)" --target "$keeper" --mount --pid)
  # The namespaces of an ordinary user's job belong to a user namespace.
  if [ "$(readlink /proc/self/ns/user)" != "$(readlink "/proc/$keeper/ns/user")" ]; then
    inside+=(--user --preserve-credentials)
  fi
  inside+=(--)
fi
for name in $(compgen -e); do
  if [ "$name" != TERM ]; then unset -v "$name"; fi
done
while IFS= read -r -d '' variable; do
  if [ "\${variable%%=*}" != ${keeperVariable} ]; then export "$variable"; fi
done <"/proc/$keeper/environ"
exec "\${inside[@]}" bash -c 'cd "$HOME" || exit; if [ $# -gt 0 ]; then exec "$@"; fi; exec bash -i' bash "$@"
`;

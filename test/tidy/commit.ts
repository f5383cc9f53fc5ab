// The rules of commit messages. Each problem is a line `hash: what, and what instead`.

export type Commit = { readonly hash: string; readonly subject: string; readonly body: string };

/** For `git log --format=…`: one record for each commit. NUL separates the fields, and another NUL ends the record. */
export const commitFormat = '%H%x00%s%x00%b%x00';

/** Reads the output of `git log` in `commitFormat`. */
export function parseCommits(log: string): Commit[] {
  const fields = log.split('\0');
  const commits: Commit[] = [];
  for (let index = 0; index + fieldCount < fields.length; index += fieldCount) {
    const [hash = '', subject = '', body = ''] = fields.slice(index, index + fieldCount).map((one) => one.trim());
    commits.push({ hash, subject, body });
  }
  return commits;
}

export function commitProblems({ hash, subject, body }: Commit): string[] {
  const problems: string[] = [];
  if (subject.length > maximumSubjectLength) {
    problems.push(
      `${hash}: the subject has ${subject.length} characters; at most ${maximumSubjectLength}: move the reason to the body`,
    );
  }
  if (subject.endsWith('.')) problems.push(`${hash}: the subject ends with a full stop; leave it out`);
  if (!/^[A-Z]/.test(subject)) {
    problems.push(`${hash}: the subject "${subject}" must begin with a verb in upper case, such as "Fix"`);
  }
  if (body === '') problems.push(`${hash}: the body is missing; give the reason there, after a blank line`);
  return problems;
}

const fieldCount = 3;
const maximumSubjectLength = 72;

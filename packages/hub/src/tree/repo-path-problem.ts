import { limits } from '@agon/contracts';

const segmentProblems: readonly (readonly [(segment: string) => boolean, string])[] = [
  [(segment) => segment === '', 'has an empty name'],
  [(segment) => segment === '.' || segment === '..', 'has the name . or ..'],
  [(segment) => segment.toLowerCase() === '.git', 'has the name .git'],
];

/** Why a path cannot be that of a file in a repo: it would not be safe to write to a disk. */
export function repoPathProblem(path: string): string | undefined {
  if (path.length > limits.repoPathCharactersMax) return `has more than ${limits.repoPathCharactersMax} characters`;
  if (/[\p{Cc}\p{Cs}\\]/u.test(path)) return 'has a control character, half a character or a backslash';
  const segments = path.split('/');
  return segmentProblems.find(([is]) => segments.some(is))?.[1];
}

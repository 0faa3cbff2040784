import { describe, expect, test } from 'vitest';
import { checkRefName, checkRepoName } from './names.ts';

describe('names of repos', () => {
  test.each(['rows', 'SmolLM2-135M', 'a.b_c', '7'])('%s is one', (name) => {
    expect(() => checkRepoName(name)).not.toThrow();
  });

  test.each(['', '.', '..', 'a/b', '-a', 'a-', 'a..b', 'a--b', 'a.git', 'a.GIT', 'ä', 'a b', 'x'.repeat(97), 'a\n'])(
    '%j is none',
    (name) => {
      expect(() => checkRepoName(name)).toThrow(expect.objectContaining({ code: 'repo_name_invalid' }));
    },
  );
});

describe('names of branches and tags', () => {
  test.each(['main', 'v1.0', 'try/one', 'A_b-c'])('%s is one', (name) => {
    expect(() => checkRefName(name)).not.toThrow();
  });

  test.each(['', 'HEAD', 'a..b', '/a', 'a/', 'a//b', 'a/.b', 'refs/heads/a', 'f'.repeat(40), 'a.lock', 'a b', '-a'])(
    '%j is none',
    (name) => {
      expect(() => checkRefName(name)).toThrow(expect.objectContaining({ code: 'revision_invalid' }));
    },
  );
});

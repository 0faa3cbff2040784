import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChatWorld, generationOf } from '../testing/chat-models.ts';
import { GenerationRefusal } from './model-host.ts';

const never = new AbortController().signal;
const words = ['a', 'bb', 'some more words in this one', 'x y z', 'the longest of them all, by far, I should think'];

let world: ChatWorld;
beforeAll(async () => {
  world = await ChatWorld.open();
});
afterAll(() => world.close());

describe('answers', () => {
  test('many at once are the same as each alone, with and without adapters', async () => {
    const adapters = [null, world.adapter({ seed: 3, size: 0.5 }), world.adapter({ seed: 4, rank: 2, size: 0.5 })];
    const asked = words.flatMap((word) => adapters.map((adapter) => ({ word, adapter })));
    const alone: string[] = [];
    for (const { word, adapter } of asked) alone.push(await world.say(world.model(), generationOf(word), adapter));
    const together = await Promise.all(
      asked.map(({ word, adapter }) => world.say(world.model(), generationOf(word), adapter)),
    );
    expect(together).toEqual(alone);
    expect(new Set(alone).size).toBeGreaterThan(words.length);
    expect(world.hosts.models).toBe(1);
  });

  test('the length is bounded and counted', async () => {
    const generation = generationOf('hello', { newTokensMax: 5 });
    const end = await world.hosts.generate(
      { model: world.model(), adapter: null, generation },
      { signal: never, onPart: () => undefined },
    );
    expect(end).toMatchObject({ reason: 'length', completionTokens: 5 });
    expect(end.promptTokens).toBeGreaterThan(5);
  });

  test('the same seed draws the same answer, another seed another', async () => {
    const drawn = (seed: number) => {
      const sampling = { ...generationOf('').sampling, temperature: 2 };
      return world.say(world.model(), generationOf('hello', { seed, sampling }));
    };
    expect(await drawn(5)).toBe(await drawn(5));
    expect(await drawn(5)).not.toBe(await drawn(6));
  });

  test('log probabilities come with each token', async () => {
    const sampling = { ...generationOf('').sampling, topLogprobs: 2 };
    const reports: unknown[] = [];
    await world.hosts.generate(
      { model: world.model(), adapter: null, generation: generationOf('hello', { newTokensMax: 3, sampling }) },
      { signal: never, onPart: ({ report }) => reports.push(report) },
    );
    expect(reports).toHaveLength(3);
    for (const report of reports) {
      const { logprob, alternatives } = report as { logprob: number; alternatives: { logprob: number }[] };
      expect(alternatives).toHaveLength(2);
      expect(alternatives[0]?.logprob).toBe(logprob);
    }
  });

  test('a conversation that does not fit the context is refused by its length', async () => {
    const refused = world.say(world.model(), generationOf('long '.repeat(200)));
    await expect(refused).rejects.toBeInstanceOf(GenerationRefusal);
    await expect(refused).rejects.toThrow(/tokens; the model's context has 512/);
  });
});

describe('leaving', () => {
  test('an answer that nobody waits for stops, and the others go on', async () => {
    const leaver = new AbortController();
    const generation = generationOf('hello', { newTokensMax: 400 });
    let heard = 0;
    const left = world.hosts.generate(
      { model: world.model(), adapter: null, generation },
      {
        signal: leaver.signal,
        onPart: () => {
          heard += 1;
          if (heard === 3) leaver.abort(new Error('gone'));
        },
      },
    );
    const other = world.say(world.model(), generationOf('bb'));
    await expect(left).rejects.toThrow('gone');
    expect(await other).toBe(await world.say(world.model(), generationOf('bb')));
    expect(heard).toBeLessThan(10);
  });
});

describe('classifying', () => {
  const texts = ['a', 'a much longer text than the first', 'x'];
  const classify = (classes: string[]) =>
    world.hosts.classify(world.classifier(['no', 'yes']), { texts, classes, tokensMax: 64 }, { signal: never });

  test('each text has a logit for each class, in the order of the classes', async () => {
    const [there, back] = [await classify(['no', 'yes']), await classify(['yes', 'no'])];
    expect(there).toHaveLength(6);
    expect([...back]).toEqual([...there].map((_, index) => there[index % 2 === 0 ? index + 1 : index - 1]));
    expect(new Set(there).size).toBe(6);
  });

  test('an encoder answers no conversations, and a language model classifies nothing', async () => {
    const labels = { texts, classes: ['no', 'yes'], tokensMax: 64 };
    await expect(world.say(world.classifier(['no', 'yes']), generationOf('hi'))).rejects.toThrow(/no conversations/);
    await expect(world.hosts.classify(world.model(), labels, { signal: never })).rejects.toThrow(/classifies nothing/);
  });
});

describe('models', () => {
  test('the one that was not used for longest goes, and is loaded again when it is asked for', async () => {
    const first = await world.say(world.model(1), generationOf('hello'));
    await world.say(world.model(2), generationOf('hello'));
    await world.say(world.model(3), generationOf('hello'));
    expect(world.hosts.models).toBe(2);
    expect(await world.say(world.model(1), generationOf('hello'))).toBe(first);
  });

  test('too many answers at once are refused with a time to wait', async () => {
    const small = await ChatWorld.open({ answersMax: 2 });
    try {
      const answers = Array.from({ length: 5 }, () => small.say(small.model(), generationOf('hello')));
      const ended = await Promise.allSettled(answers);
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      for (const end of ended) if (end.status === 'rejected') expect(end.reason.code).toBe('rate_limited');
    } finally {
      await small.close();
    }
  });

  test('a model that cannot be loaded fails its requests, and does not stay', async () => {
    const broken = { ...world.model(9), baseFiles: async () => [] };
    await expect(world.say(broken, generationOf('hello'))).rejects.toThrow();
    expect(await world.say(world.model(9), generationOf('hello'))).not.toBe('');
  });
});

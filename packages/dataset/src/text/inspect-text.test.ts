import { limits } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import { inspectDataset } from '../inspect-dataset.ts';
import { acceptedTexts, csvOf, inPieces, jsonLines, refused, sourceOf } from '../testing/sources.ts';
import { chatLines, conversations, preferenceLines, reviews } from '../testing/texts.ts';

async function refusedOrTask(lines: string): Promise<string> {
  const found = await inspectDataset(sourceOf(lines), { target: 'label' });
  return found.ok ? found.task : found.error.code;
}

const noteOf = (report: { notes: { code: string; message: string }[] }, code: string) =>
  report.notes.find((note) => note.code === code)?.message;

describe('conversations', () => {
  test('are found, counted and described', async () => {
    const found = await acceptedTexts(sourceOf(chatLines(300), 'chat.jsonl'));
    expect(found).toMatchObject({ task: 'chat', metric: 'loss', table: null, plan: { rowsByStratum: [300] } });
    expect(found.taskInferred).toContain('conversations');
    expect(found.report).toMatchObject({
      format: 'jsonl',
      rows: 300,
      rows_dropped: { duplicates: 0, without_target: 0, empty: 0 },
      parts: { train: 180, selection: 60, report: 60 },
      classes: null,
    });
    expect(found.report.columns).toMatchObject([{ name: 'messages', kind: 'text', role: 'feature', missing: 0 }]);
    expect(noteOf(found.report, 'text_statistics')).toContain('2.0 turns');
  });

  test('may stand in CSV as pairs, or as JSON in a cell', async () => {
    const rows = conversations(120).map(({ messages }) => messages.map(({ content }) => content));
    const pairs = await acceptedTexts(sourceOf(csvOf(['prompt', 'completion'], rows)), { task: 'chat' });
    expect(pairs.taskInferred).toBeNull();
    const cells = conversations(120).map(({ messages }) => [JSON.stringify(messages)]);
    const json = await acceptedTexts(sourceOf(csvOf(['messages'], cells)));
    expect(json.report.parts).toEqual(pairs.report.parts);
  });

  test('may have columns that begin late, which are described from the first row on', async () => {
    const rows = conversations(3_000).map((row, at) => (at < 2_900 ? row : { ...row, system: 'Be brief.', id: at }));
    const { report } = await acceptedTexts(sourceOf(jsonLines(rows), 'chat.jsonl'));
    expect(report.columns).toMatchObject([
      { name: 'messages', role: 'feature', missing: 0 },
      { name: 'system', role: 'feature', missing: 2_900, distinct: 1 },
      { name: 'id', role: 'ignored', missing: 2_900, distinct: 100 },
    ]);
  });

  test('have hidden parts of 500 rows at most', async () => {
    const { report } = await acceptedTexts(sourceOf(chatLines(12_000), 'chat.jsonl'));
    expect(report.parts).toEqual({ train: 11_000, selection: limits.hiddenTextRowsMax, report: 500 });
  });

  test('that differ only in white space or in the way accents are written are one', async () => {
    const [first, ...rest] = conversations(150);
    const answer = (content: string) => ({ messages: [first?.messages[0], { role: 'assistant', content }] });
    const alike = [answer('Un  cafe\u0301.'), answer(' Un\ncafé. '), answer('Un café.')];
    const { report } = await acceptedTexts(sourceOf(jsonLines([...rest, ...alike]), 'chat.jsonl'));
    expect(report).toMatchObject({ rows: 152, rows_dropped: { duplicates: 2 } });
  });

  test('that were mended are noted with the first row', async () => {
    const rows = conversations(150).map(({ messages }, at) => ({
      messages: at % 50 === 10 ? [...messages, { role: 'user', content: 'Thanks.' }] : messages,
    }));
    const { report } = await acceptedTexts(sourceOf(jsonLines(rows), 'chat.jsonl'));
    expect(noteOf(report, 'last_question_dropped')).toMatch(/^3 rows, the first row 11, have turns behind/);
  });

  test('that cannot be used are listed with their rows, equal faults as one', async () => {
    const rows = conversations(150).map(({ messages }, at) => {
      if (at % 40 === 5) return { messages: messages.slice(0, 1) };
      return at === 99 ? { messages: [{ role: 'wizard', content: 'x' }, ...messages] } : { messages };
    });
    const refusal = await refused(sourceOf(jsonLines(rows), 'chat.jsonl'), {});
    expect(refusal.error.code).toBe('dataset_invalid');
    expect(refusal.problems).toMatchObject([
      {
        code: 'no_assistant_turn',
        row: 6,
        column: 'messages',
        count: 4,
        message: expect.stringContaining('46, 86, 126'),
      },
      { code: 'unknown_role', row: 100, count: 1, message: expect.stringContaining('"wizard"') },
    ]);
  });

  test('with a broken line name the line', async () => {
    const lines = chatLines(150).split('\n');
    lines[30] = '{"messages": [{"role": "user"';
    const refusal = await refused(sourceOf(lines.join('\n'), 'chat.jsonl'), { task: 'chat' });
    expect(refusal.problems).toMatchObject([{ code: 'bad_json', row: 31 }]);
  });

  test('that are too few once duplicates are dropped are refused', async () => {
    const same = chatLines(60);
    const refusal = await refused(sourceOf(same + same, 'chat.jsonl'), {});
    expect(refusal.error).toMatchObject({ code: 'dataset_too_small', message: expect.stringContaining('60 dupl') });
    expect((await refused(sourceOf('{}\n{}\n', 'chat.jsonl'), { task: 'chat' })).error.code).toBe('dataset_too_small');
  });

  test('have no target, and are not found where no column holds them', async () => {
    const source = sourceOf(chatLines(150), 'chat.jsonl');
    expect((await refused(source, { task: 'chat', target: 'messages' })).error.code).toBe('target_unsuitable');
    const strange = sourceOf(jsonLines(reviews(150)), 'reviews.jsonl');
    expect((await refused(strange, { task: 'chat' })).error.message).toContain('"text", "label"');
    expect((await refused(source, { task: 'chat', ignoreColumns: ['messages'] })).error.message).toContain('is read');
    expect((await refused(source, { task: 'chat', ignoreColumns: ['id'] })).error.message).toContain('"id"');
  });

  test('are the same in pieces of any size', async () => {
    const whole = await acceptedTexts(sourceOf(chatLines(150), 'chat.jsonl'));
    for (const bytes of [1, 7, 1_000]) {
      expect(await acceptedTexts(inPieces(chatLines(150), bytes, 'chat.jsonl'))).toEqual(whole);
    }
  });
});

describe('preferences', () => {
  test('are found and described', async () => {
    const found = await acceptedTexts(sourceOf(preferenceLines(150), 'pairs.jsonl'));
    expect(found).toMatchObject({ task: 'preference', metric: 'preference_accuracy', table: null });
    expect(found.report.columns.map(({ name, role }) => [name, role])).toEqual([
      ['prompt', 'feature'],
      ['chosen', 'feature'],
      ['rejected', 'feature'],
    ]);
  });

  test('with equal answers name the row', async () => {
    const lines = preferenceLines(150) + jsonLines([{ prompt: 'x', chosen: 'y', rejected: 'y' }]);
    expect((await refused(sourceOf(lines, 'pairs.jsonl'), {})).problems).toMatchObject([
      { code: 'answers_equal', row: 151, column: 'rejected' },
    ]);
  });
});

describe('texts and their classes', () => {
  test('are found by a target and nothing but longer texts', async () => {
    const source = sourceOf(jsonLines(reviews(300)), 'reviews.jsonl');
    const found = await acceptedTexts(source, { target: 'label' });
    expect(found).toMatchObject({
      task: 'text-classification',
      metric: 'log_loss',
      table: { target: 'label', classes: ['bad', 'good'], columns: [{ name: 'text', input: 'text', kind: 'text' }] },
      plan: { rowsByStratum: [150, 150] },
    });
    expect(found.taskInferred).toContain('"text"');
    expect(found.report.classes).toEqual([
      { name: 'bad', rows: 150 },
      { name: 'good', rows: 150 },
    ]);
    expect(found.report.columns.map(({ name, role }) => [name, role])).toEqual([
      ['text', 'feature'],
      ['label', 'target'],
    ]);
  });

  test('are found beside numbers that count rows, but not beside other features', async () => {
    const counted = reviews(300).map((row, at) => ({ id: at + 1, ...row }));
    expect(await acceptedTexts(sourceOf(jsonLines(counted)), { target: 'label' })).toMatchObject({
      task: 'text-classification',
      report: { columns: [{ name: 'id', role: 'ignored' }, {}, {}] },
    });
    const priced = reviews(300).map((row, at) => ({ price: (at % 17) / 2, ...row }));
    expect(await refusedOrTask(jsonLines(priced))).toBe('tabular-classification');
    const short = reviews(300).map((row, at) => ({ ...row, text: `the film number ${at}` }));
    expect(await refusedOrTask(jsonLines(short))).toBe('text-classification');
    const alike = reviews(300).map((row, at) => ({ ...row, text: `the film number ${at % 200}` }));
    expect(await refusedOrTask(jsonLines(alike))).toBe('tabular-classification');
    const ids = reviews(300).map((row, at) => ({ ...row, text: `nr ${at}` }));
    expect(await refusedOrTask(jsonLines(ids))).toBe('tabular-classification');
  });

  test('have their texts in `text`, in the column that is named, or in the only column of strings', async () => {
    const rows = reviews(150).map(({ text, label }) => ({ body: text, title: `t${text.length % 3}`, label }));
    const named = { task: 'text-classification', target: 'label', columns: { text: 'title' } } as const;
    expect((await acceptedTexts(sourceOf(jsonLines(rows)), { ...named, columns: {} })).plan.layout).toMatchObject({
      text: 'body',
    });
    const few = await refused(sourceOf(jsonLines(rows)), named);
    expect(few.error.code).toBe('dataset_too_small');
    const two = rows.map(({ title: _, ...row }) => ({ ...row, other: `${row.body} again` }));
    const unclear = await refused(sourceOf(jsonLines(two)), { ...named, columns: {} });
    expect(unclear.error.message).toMatch(/"body", "other".*`columns.text`/);
    const lost = await refused(sourceOf(jsonLines(rows)), { ...named, columns: { text: 'boby' } });
    expect(lost.error.message).toContain('Did you mean "body"?');
  });

  test('lose rows without a text or a class, and rare classes', async () => {
    const rows = [
      ...reviews(300),
      { text: '', label: 'good' },
      { text: 'A text of no class at all.', label: '' },
      { text: 'A class of its own.', label: 'odd' },
    ];
    const { report, table } = await acceptedTexts(sourceOf(jsonLines(rows)), { target: 'label' });
    expect(report).toMatchObject({ rows: 303, rows_dropped: { duplicates: 0, without_target: 2, empty: 1 } });
    expect(table?.classes).toEqual(['bad', 'good']);
    expect(noteOf(report, 'rare_classes_dropped')).toContain('odd');
  });

  test('that say their own class, or two classes, are noted', async () => {
    const leaking = reviews(200).map(({ text, label }) => ({ text: `${text} ${label.toUpperCase()}`, label }));
    const source = sourceOf(jsonLines([...leaking, { text: leaking[0]?.text, label: 'good' }]));
    const { report } = await acceptedTexts(source, { target: 'label' });
    expect(noteOf(report, 'label_in_text')).toContain('200 of 201');
    expect(noteOf(report, 'texts_of_two_classes')).toMatch(/^1 row repeat/);
    const plain = await acceptedTexts(sourceOf(jsonLines(reviews(200))), { target: 'label' });
    expect(noteOf(plain.report, 'label_in_text')).toBeUndefined();
  });

  test('need a target that can be learnt', async () => {
    const source = sourceOf(jsonLines(reviews(150)));
    const task = 'text-classification';
    expect((await refused(source, { task })).error.code).toBe('target_missing');
    expect((await refused(source, { task, target: 'labl' })).error.message).toContain('"label"');
    const constant = sourceOf(jsonLines(reviews(150).map((row) => ({ ...row, label: 'x' }))));
    expect((await refused(constant, { task, target: 'label' })).error.code).toBe('target_unsuitable');
  });
});

describe('a task that is left out', () => {
  test('is told by the columns that are named, or by the metric', async () => {
    const rows = reviews(150).map(({ text, label }) => ({ q: text, a: label + text.length }));
    const named = await acceptedTexts(sourceOf(jsonLines(rows)), { columns: { prompt: 'q', completion: 'a' } });
    expect(named).toMatchObject({ task: 'chat', taskInferred: expect.stringContaining('`columns.completion`') });
    const measured = await acceptedTexts(sourceOf(chatLines(150)), { metric: 'perplexity' });
    expect(measured).toMatchObject({ task: 'chat', metric: 'perplexity' });
    const text = await acceptedTexts(sourceOf(jsonLines(reviews(150))), { target: 'label', columns: { text: 'text' } });
    expect(text.task).toBe('text-classification');
  });

  test('is none without a target and without conversations', async () => {
    const refusal = await refused(sourceOf(jsonLines(reviews(150))), {});
    expect(refusal.error).toMatchObject({ code: 'target_missing', message: expect.stringContaining('"label"') });
  });

  test('of a table does not take columns of texts', async () => {
    const refusal = await refused(sourceOf(jsonLines(reviews(150))), {
      task: 'tabular-classification',
      target: 'label',
      columns: { text: 'text' },
    });
    expect(refusal.error.message).toContain('`columns.text`');
  });
});

import { expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from './app-error.ts';
import { errorTable } from './error-table.ts';
import { jobCatalog } from './job-catalog.ts';
import { metricTable } from './metric.ts';
import { SubmissionPath } from './submission-path.ts';
import { taskTable } from './task.ts';

test('every error has a status of HTTP and says what to do', () => {
  for (const [code, { status, help }] of Object.entries(errorTable)) {
    expect([code, status >= 400 && status < 600, help.endsWith('.')]).toEqual([code, true, true]);
  }
});

test('a payload of a queue holds ids and numbers, never documents', () => {
  for (const { payload } of Object.values(jobCatalog)) {
    const { properties = {}, additionalProperties } = z.toJSONSchema(payload) as {
      properties?: Record<string, { type: string }>;
      additionalProperties: unknown;
    };
    expect(additionalProperties).toBe(false);
    expect(Object.values(properties).every(({ type }) => ['string', 'number', 'integer'].includes(type))).toBe(true);
  }
});

test('the metrics of every task are in the table of metrics', () => {
  for (const { metrics } of Object.values(taskTable))
    for (const metric of metrics) expect(metric in metricTable).toBe(true);
});

test('an error under 500 is expected and not tried again', () => {
  expect(new AppError('lease_lost', 'gone').expected).toBe(true);
  expect(new AppError('not_ready', 'away').expected).toBe(false);
});

test.each(['../x', '/abs', 'a//b', 'a/./b', '.git/config', 'a/..', 'a\\b', 'con:', 'a\nb', '', 'ä'])(
  'the path %j cannot be in a submission',
  (path) => {
    expect(SubmissionPath.safeParse(path).success).toBe(false);
  },
);

test.each(['model.onnx', 'onnx/model.onnx', 'adapter_model.safetensors', 'a-b/c_d.json'])('the path %j can', (path) => {
  expect(SubmissionPath.safeParse(path).success).toBe(true);
});

import { expect, test } from 'vitest';
import { modelFiles } from './model-files.ts';

const file = (path: string, sha256 = path) => ({ path, bytes: 1, sha256 });

test('a returned file that would hide one of ours moves into a folder', () => {
  const ours = [file('README.md', 'ours'), file('agon.json', 'ours')];
  const files = modelFiles([file('model.onnx'), file('readme.MD'), file('submission/readme.MD')], ours);
  expect(files.map((one) => one.path)).toEqual([
    'model.onnx',
    'submission/readme.MD',
    'submission/submission/readme.MD',
    'README.md',
    'agon.json',
  ]);
});

test('what is kept of an upload does not get into the model', () => {
  const uploaded = { ...file('model.onnx'), uploadId: 'upl_00000001' };
  expect(modelFiles([uploaded], [])).toEqual([file('model.onnx')]);
});

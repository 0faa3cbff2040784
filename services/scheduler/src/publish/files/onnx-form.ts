import type { ModelFile } from '@agon/contracts';
import { onnxFiles } from '@agon/model-graph';
import { one, putFile } from './put-file.ts';
import type { FilesDeps, OpenWinner, Wish } from './winner-files.ts';

const graphPath = 'onnx/model.onnx';
const dataFile = 'model.onnx_data';

/** The ONNX form, where transformers.js looks for it. */
export async function writeOnnx(deps: FilesDeps, winner: OpenWinner, say: Wish['say']): Promise<ModelFile[]> {
  const files = onnxFiles(winner, dataFile);
  const dataPath = `onnx/${dataFile}`;
  await say('onnx', `Writing ${dataPath} (${Math.ceil(files.dataBytes / 2 ** 20)} MiB).`);
  return [await putFile(deps, graphPath, one(files.graph)), await putFile(deps, dataPath, files.data())];
}

import ort from 'onnxruntime-node';
import type { ExecutionProvider } from '../execution-provider.ts';

/** What CUDA has no kernel for runs on the processor. */
const providersOf = (provider: ExecutionProvider): string[] => (provider === 'cuda' ? ['cuda', 'cpu'] : ['cpu']);

/** Opens a graph that lies on disk. Shapes change with every batch, so memory is not planned by them. */
export const openSession = (
  graphPath: string,
  threads: number,
  provider: ExecutionProvider = 'cpu',
): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(graphPath, {
    executionProviders: providersOf(provider),
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 4,
    extra: { session: { load_model_format: 'ONNX', intra_op: { allow_spinning: '0' } } },
  });

/** The smallest graph: `y = Identity(x)` over one float32, opset 17. */
const identityBase64 =
  'CAgSADo7ChAKAXgSAXkiCElkZW50aXR5EgVwcm9iZVoPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEBE=';

/** Runs the smallest graph on a provider. @throws Error where its libraries or its device are missing. */
export async function probeProvider(provider: ExecutionProvider): Promise<void> {
  const session = await ort.InferenceSession.create(Buffer.from(identityBase64, 'base64'), {
    executionProviders: providersOf(provider),
    logSeverityLevel: 4,
  });
  await session.run({ x: new ort.Tensor('float32', [1], [1]) });
  await session.release();
}

import ort from 'onnxruntime-node';

/** Opens a graph that lies on disk. Shapes change with every batch, so memory is not planned by them. */
export const openSession = (graphPath: string, threads: number): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(graphPath, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 4,
    extra: { session: { load_model_format: 'ONNX', intra_op: { allow_spinning: '0' } } },
  });

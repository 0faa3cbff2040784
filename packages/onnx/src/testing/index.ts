/** Small ONNX models for tests, made message by message. Development only. */
export * from './graph.ts';
export * from './models.ts';

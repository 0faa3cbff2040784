/**
 * The operators that a graph may use. Names, not a black list: onnxruntime registers operators of its own under the
 * standard domain too. None of these reads a file, calls foreign code, draws random numbers or loops without a bound.
 */
const standard = `
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift BitwiseAnd
BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat
ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DFT DeformConv DepthToSpace
DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample
GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN
LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max
MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Neg
NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or PRelu
Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence
RoiAlign Round STFT Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase
SequenceInsert SequenceLength Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus
Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Tan Tanh
TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor`;

const machineLearning = `
ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder
LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble
TreeEnsembleClassifier TreeEnsembleRegressor ZipMap`;

const namesOf = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const operatorsByDomain: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', namesOf(standard)],
  ['ai.onnx', namesOf(standard)],
  ['ai.onnx.ml', namesOf(machineLearning)],
]);

const loops = 'loops may never end; unroll it or use vector operators';
const draws = 'its result would differ from run to run; export the model for inference';

const reasons: Readonly<Record<string, string>> = {
  Loop: loops,
  Scan: loops,
  SequenceMap: loops,
  Bernoulli: draws,
  Multinomial: draws,
  RandomNormal: draws,
  RandomNormalLike: draws,
  RandomUniform: draws,
  RandomUniformLike: draws,
  ImageDecoder: 'it decodes foreign file formats',
};

/** Highest versions that are read. */
export const versionsMax = { ir: 10, opset: 22, mlOpset: 5 } as const;

/** Why a node may not stand in a graph, or undefined where it may. */
export function whyRefused(node: { domain: string; type: string; inputs: number }): string | undefined {
  const name = node.domain === '' ? node.type : `${node.domain}.${node.type}`;
  const known = operatorsByDomain.get(node.domain);
  if (!known) {
    return `The operator ${name} is of the domain ${JSON.stringify(node.domain)}; only ai.onnx and ai.onnx.ml are allowed.`;
  }
  if (!known.has(node.type)) {
    return `The operator ${name} is not allowed: ${reasons[node.type] ?? 'it is not a standard operator up to opset 22'}.`;
  }
  if (node.type === 'Dropout' && node.inputs > 2) return `The operator ${name} may not switch training on: ${draws}.`;
  return undefined;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Every bound of the system, in one place. Units come last in the name. */
export const limits = {
  jsonBodyBytesMax: 256 * KIB,
  predictBodyBytesMax: 8 * MIB,
  predictRowsMax: 10_000,
  /** Of texts; the rest is told to send fewer. */
  predictMsMax: 120_000,
  chatBodyBytesMax: 4 * MIB,
  chatMessagesMax: 2_000,
  chatChoicesMax: 8,
  /** Tokens of an answer where the client says nothing. */
  chatTokensDefault: 1_024,
  modelReferenceCharactersMax: 400,
  fileBytesMax: 8 * GIB,
  filenameCharactersMax: 255,

  datasetBytesMax: 4 * GIB,
  /** Above this size a dataset is checked while the job prepares, not while the client waits for the answer. */
  datasetCheckedAtCreateBytesMax: 64 * MIB,
  datasetRowsMax: 2_000_000,
  datasetColumnsMax: 2_000,
  datasetCellCharactersMax: 1_000_000,
  datasetRowCharactersMax: 8_000_000,
  datasetProblemsMax: 50,
  datasetNotesMax: 50,
  classesMax: 1_000,
  classRowsMin: 2,
  hiddenRowsMin: 20,
  hiddenRowsMax: 2_000,
  /** Of chat and preference: every token of a hidden row is scored, for every rival. */
  hiddenTextRowsMax: 500,
  /** Rows a dataset needs so that each hidden part has `hiddenRowsMin` and training keeps as many as both. */
  datasetRowsMin: 100,

  seatsMax: 16,
  seatAttemptsMax: 4,
  runsPerMinerAndJobMax: 2,
  jobMinutesMin: 0.2,
  jobMinutesMax: 7 * 24 * 60,
  jobWaitMinutesMax: 7 * 24 * 60,
  metadataPairsMax: 16,
  metadataKeyCharactersMax: 64,
  metadataValueCharactersMax: 512,
  suffixCharactersMax: 64,
  namespaceCharactersMax: 40,

  repoNameCharactersMax: 96,
  repoPathCharactersMax: 500,
  repoFilesMax: 50_000,
  refNameCharactersMax: 100,
  refsMax: 1_000,
  commitTitleCharactersMax: 500,
  commitDescriptionCharactersMax: 20_000,
  /** With the contents that a commit carries by itself, in base64. They are streamed. */
  commitBodyBytesMax: 8 * GIB,
  hubJsonBodyBytesMax: 4 * MIB,
  lfsObjectsMax: 1_000,

  textTokensMax: 4_096,
  textTokensDefault: 512,
  /** Of all texts of a row together. */
  textRowCharactersMax: 200_000,
  loraRankMax: 256,
  baseModelBytesMax: 20 * GIB,
  baseModelFilesMax: 200,
  baseModelIdCharactersMax: 200,

  /** Of the float32 weights of an ONNX form. */
  onnxBytesMax: 16 * GIB,
  /** A hub that is away this long is given up; the push can be asked for again. */
  pushTryMs: 7 * 24 * 60 * 60 * 1000,
  pushRetryMsMin: 2_000,
  pushRetryMsMax: 30 * 60 * 1000,
  /** A push that says nothing this long is taken over: its process died. */
  pushSilenceMs: 30_000,
  /** Repos on hubs that one model may be pushed to. */
  pushesPerModelMax: 20,

  submissionFilesMax: 64,
  submissionBytesMax: 2 * GIB,
  submissionPathCharactersMax: 200,
  uploadTtlMs: 24 * 60 * 60 * 1000,
  /** How long an address that the artifact store signed for a miner may be used to begin a download. */
  downloadUrlSeconds: 300,

  /** OpenAI's: parts of a file, which is made of them within the hour. */
  fileUploadPartBytesMax: 64 * MIB,
  fileUploadPartsMax: 1_000,
  fileUploadTtlMs: 60 * 60 * 1000,
  /** How long an upload that has ended still says how. */
  fileUploadKeptMs: 7 * 24 * 60 * 60 * 1000,
  fileExpirySecondsMin: 60 * 60,
  fileExpirySecondsMax: 30 * 24 * 60 * 60,

  webhooksPerAccountMax: 20,
  webhookUrlCharactersMax: 2_000,
  webhookAttemptMs: 15_000,
  webhookAnswerBytesMax: 16 * KIB,
  /** How long a delivery stays in the log. */
  webhookDeliveryKeptMs: 30 * 24 * 60 * 60 * 1000,

  heartbeatSeconds: 5,
  heartbeatsMissedMax: 4,
  leaseSilenceMsMin: 120_000,
  leaseWaitMsMax: 25_000,
  graceSecondsMin: 20,
  graceSecondsMax: 300,
  logTailBytesMax: 16 * KIB,
  messageCharactersMax: 2_000,
  curvePointsMax: 300,

  signatureSkewSecondsMax: 60,
  idempotencyTtlMs: 24 * 60 * 60 * 1000,
  /** Without an Idempotency-Key, an identical body from the same key within this time is the same request sent again. */
  duplicateCreateWindowMs: 5_000,
  pageItemsMax: 100,
  pageItemsDefault: 20,
  requestsPerMinuteMax: 1_200,

  scoringChildMemoryMib: 2_048,
  scoringMsMax: 120_000,
  bootstrapResamples: 2_000,
} as const;

/** OpenAI's `type` field of an error. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'service_unavailable_error'
  | 'server_error';

type ErrorSpec = { readonly status: number; readonly type: ErrorType; readonly help: string };

const bad = (help: string): ErrorSpec => ({ status: 400, type: 'invalid_request_error', help });
const missing = (help: string): ErrorSpec => ({ status: 404, type: 'not_found_error', help });
const conflict = (help: string): ErrorSpec => ({ status: 409, type: 'conflict_error', help });

/**
 * Every refusal of the service: its HTTP status, OpenAI's error type, and what the reader can do about it.
 * `docs/errors.md` is generated from this table.
 */
export const errorTable = {
  invalid_request: bad(
    'Read `param` and `message`: they name the field and what it must be. The schema is at /openapi.json.',
  ),
  invalid_json: bad('Send a JSON body with `content-type: application/json`.'),
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    help: 'Send a smaller body; datasets go through POST /v1/files.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    help: 'Use the content type that the route names in /openapi.json.',
  },
  unknown_route: missing('See /docs for the routes.'),
  method_not_allowed: { status: 405, type: 'invalid_request_error', help: 'Use a method named in the `allow` header.' },

  missing_api_key: {
    status: 401,
    type: 'authentication_error',
    help: 'Send `Authorization: Bearer <key>`; `agon keys create` makes one.',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    help: 'The key is unknown or was revoked; make another with `agon keys create`.',
  },
  missing_scope: { status: 403, type: 'permission_error', help: 'Use a key that has the scope named in the message.' },
  invalid_signature: {
    status: 401,
    type: 'authentication_error',
    help: 'Sign the request as docs/miner-protocol.md says (RFC 9421, Ed25519); check the clock of the machine.',
  },
  replayed_request: {
    status: 401,
    type: 'authentication_error',
    help: 'Make a new nonce for every request, also when it is sent again.',
  },
  miner_not_registered: {
    status: 401,
    type: 'authentication_error',
    help: 'Call POST /v1/miner/register with this key first; `agon mine start` does.',
  },
  miner_banned: { status: 403, type: 'permission_error', help: 'Ask the operator of the service.' },
  rate_limited: { status: 429, type: 'rate_limit_error', help: 'Wait as long as `retry-after` says.' },

  file_not_found: missing('List your files with GET /v1/files.'),
  file_empty: bad('Send a file that has content.'),
  file_too_large: { status: 413, type: 'invalid_request_error', help: 'Send a smaller file.' },
  file_in_use: bad('Cancel the job that still prepares from this file, or wait until it is open, then delete.'),
  upload_incomplete: bad('The connection ended before the file did; send it again.'),

  file_upload_not_found: missing('Create an upload with POST /v1/uploads; it lasts an hour.'),
  file_upload_ended: bad('Create another upload; the message says how this one ended.'),
  file_upload_parts_wrong: bad(
    'Complete with the ids of all parts in their order; the message says what does not fit.',
  ),
  file_upload_md5_mismatch: bad('The bytes differ from the md5; send the parts that are wrong again, then complete.'),

  job_not_found: missing('List your jobs with GET /v1/jobs.'),
  job_not_final: bad('Cancel the job first, or wait until it ends.'),
  job_already_final: bad('The job has ended; nothing can change it. Create another.'),
  job_not_pausable: bad('Only an open job can be paused, and only a paused one resumed.'),
  receipt_not_ready: missing('The receipt is written when the job ends; watch its events.'),
  idempotency_key_reused: {
    status: 422,
    type: 'invalid_request_error',
    help: 'Use a new Idempotency-Key for a different body.',
  },
  budget_exceeded: bad('Ask for fewer seats or minutes.'),

  dataset_invalid: bad('`problems` lists what is wrong, with row numbers; mend the file and send it again.'),
  dataset_unreadable: bad('Send UTF-8 CSV with a header, JSON Lines, or Parquet.'),
  dataset_too_large: bad('Send fewer rows or columns; the limits are in the message.'),
  dataset_too_small: bad('Send more rows; the message names the minimum.'),
  target_missing: bad('Name a column of the file as `target`; the message lists the columns.'),
  target_unsuitable: bad('Pick another target or task; the message says why this one cannot be learnt.'),
  task_not_inferable: bad('Say `task` yourself; GET /openapi.json lists the tasks.'),
  base_model_missing: bad('Name `base_model` as `org/name`, or `auto`; GET /v1/base_models lists what is here.'),
  base_model_unsuitable: bad(
    'Pick a base model of the kind that the task needs; the message says why this one is not.',
  ),
  base_model_invalid: bad('Mend the files and import them again; the message says what is wrong.'),
  base_model_exists: bad('Give the import another `revision`, or delete the base model first.'),
  base_model_in_use: bad('Wait until the jobs that start from it have ended, or cancel them, then delete.'),
  base_model_not_found: missing('Import it with `agon models import FOLDER`, or set HF_ENDPOINT to a hub that has it.'),
  base_model_unavailable: {
    status: 503,
    type: 'service_unavailable_error',
    help: 'The hub did not give the model. Try again, or import it with `agon models import FOLDER`.',
  },
  base_model_too_large: bad('Pick a smaller base model; the message names the limit.'),
  metric_unsuitable: bad('Pick a metric of the task; the message lists them.'),

  no_miner_took_a_seat: {
    status: 503,
    type: 'service_unavailable_error',
    help: 'No miner was free in time. Send the job again, or raise `budget.wait_minutes`.',
  },
  no_submission: {
    status: 422,
    type: 'invalid_request_error',
    help: 'Every run failed; see the runs of the job for the reason of each.',
  },
  no_submission_beat_baseline: {
    status: 422,
    type: 'invalid_request_error',
    help: 'No model was better than the dumb answer. More rows, a longer budget or another target may help.',
  },
  preparation_failed: {
    status: 500,
    type: 'server_error',
    help: 'The service could not prepare the dataset. Send the job again; if it fails again, tell the operator the job id.',
  },

  run_not_found: missing('List your runs with GET /v1/miner/runs.'),
  lease_lost: conflict('Stop this run: its seat was given to another miner, or the job has ended.'),
  run_not_accepting: conflict('The run is in another state; read it with GET /v1/miner/runs/{id}.'),
  upload_not_found: missing('Commit the submission again; uploads end with their run.'),
  upload_offset_mismatch: conflict('Ask the offset with HEAD and go on from there.'),
  upload_expired: { status: 410, type: 'invalid_request_error', help: 'The run ended before the upload did.' },
  upload_hash_mismatch: {
    status: 422,
    type: 'invalid_request_error',
    help: 'The bytes differ from the committed sha256; the file was discarded, send it again.',
  },
  tus_version_unsupported: {
    status: 412,
    type: 'invalid_request_error',
    help: 'Send `Tus-Resumable: 1.0.0`.',
  },
  submission_incomplete: bad('Upload every committed file before finish; the message names what is missing.'),
  submission_too_large: { status: 413, type: 'invalid_request_error', help: 'Return a smaller model.' },
  disk_full: {
    status: 507,
    type: 'service_unavailable_error',
    help: 'The service has no room left; try later or tell the operator.',
  },

  repo_not_found: missing('Check the name; a private repo is there only for a key of its account.'),
  repo_exists: conflict('Pick another name; names that differ only by case are one.'),
  repo_forbidden: {
    status: 403,
    type: 'permission_error',
    help: 'Use a key of the account that the namespace belongs to; GET /hub/api/whoami-v2 says whose a key is.',
  },
  repo_name_invalid: bad(
    'Use letters, digits, `-`, `_` and `.`, at most 96, neither beginning nor ending with `-` or `.`.',
  ),
  repo_path_invalid: bad('Use a relative path of plain names with `/` between them; the message says what is wrong.'),
  revision_not_found: missing('List branches and tags with GET /hub/api/models/{repo}/refs.'),
  revision_invalid: bad('Use letters, digits, `-`, `_`, `.` and `/` for a branch or tag.'),
  ref_exists: conflict('Pick another name, or delete the branch or tag first.'),
  entry_not_found: missing('List the files with GET /hub/api/models/{repo}/tree/{revision}.'),
  commit_invalid: bad('Send newline-delimited JSON: a header, then one operation a line; the message names the line.'),
  commit_conflict: {
    status: 412,
    type: 'conflict_error',
    help: 'The branch has moved on; read its head again, then commit on top of it.',
  },
  blob_not_uploaded: bad('Upload the bytes first: POST …/info/lfs/objects/batch says where to.'),
  hub_unsupported: bad(
    'This registry has repos, branches, tags, commits and LFS uploads; docs/hub.md lists the calls.',
  ),

  hub_pushes_off: bad('Leave `publish.repo` out, or ask the operator of the service to set HUB_PUSHES.'),
  hub_token_missing: bad('Give a `token` that may write to the repo; the service has none of its own.'),
  hub_token_refused: bad('Make a token with the right to write on the hub, and give that one.'),
  tokens_not_kept: bad(
    'Leave the token out to use the service’s own, or ask the operator to set SEAL_KEY_FILE, so that tokens can be kept.',
  ),
  publish_unsuitable: bad('Leave out what the message names; the task has no such files.'),
  push_under_way: conflict('Wait until this push has ended; GET /v1/models/{id} shows it.'),
  too_many_pushes: bad('Push to one of the repos that the model has already.'),
  model_not_found: missing('List models with GET /v1/models.'),
  model_file_not_found: missing('List the files with GET /v1/models/{id}.'),
  range_not_satisfiable: { status: 416, type: 'invalid_request_error', help: 'Ask for a range inside the file.' },
  prediction_failed: {
    status: 422,
    type: 'invalid_request_error',
    help: 'Check that rows have the columns and kinds of the model; GET /v1/models/{id} lists them.',
  },
  unsupported_parameter: bad('Leave the parameter out; `param` names it, and docs/openai.md lists what is taken.'),
  context_length_exceeded: bad('Send a shorter conversation or ask for fewer tokens; the message names the limit.'),
  conversation_refused: bad(
    'Bring the turns into the order that the model’s chat template wants; the message says why.',
  ),
  model_not_chat: bad('Use POST /v1/models/{id}/predict for models that classify or predict.'),
  model_unavailable: {
    status: 503,
    type: 'service_unavailable_error',
    help: 'The model could not be loaded or its process failed; try again, and ask the operator if it lasts.',
  },
  miner_not_found: missing('List miners with GET /v1/miners.'),
  webhook_not_found: missing('List your webhooks with GET /v1/webhooks.'),
  webhook_delivery_not_found: missing('List the deliveries with GET /v1/webhooks/{id}/deliveries.'),
  webhook_url_refused: bad(
    'Give an address that the whole internet can reach; an operator may allow others (WEBHOOK_PRIVATE_ADDRESSES).',
  ),
  too_many_webhooks: bad('Delete a webhook that is no longer needed first.'),
  key_not_found: missing('List keys with GET /v1/keys.'),

  not_ready: {
    status: 503,
    type: 'service_unavailable_error',
    help: 'A database, a queue or the artifact store is out of reach; the service retries by itself.',
  },
  internal: { status: 500, type: 'server_error', help: 'A fault of the service; tell the operator the request id.' },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errorTable;

/** Why a submission was rejected, or a run failed, as a miner reads it. */
export const rejectionTable = {
  hash_mismatch: 'The bytes received differ from the committed hash.',
  file_missing: 'A file named by the submission is not there.',
  model_unreadable: 'The model is not a valid ONNX graph.',
  model_too_large: 'The model is larger than the limit of the job.',
  operator_not_allowed: 'The graph uses an operator or domain that is not on the list.',
  external_data_not_allowed: 'The graph points at data outside its own file.',
  inputs_wrong: 'The inputs of the model do not fit the columns of the job.',
  outputs_wrong: 'The outputs of the model do not have the name, type or shape of the contract.',
  output_not_finite: 'The model returned NaN, infinity or a probability outside 0 to 1.',
  format_not_accepted: 'The job does not accept this format.',
  safetensors_invalid: 'A weights file is not valid safetensors.',
  adapter_invalid: 'The adapter does not keep the PEFT layout, or uses something that is not accepted.',
  adapter_does_not_fit: 'The adapter does not fit the base model.',
  adapter_without_effect: 'The adapter changes nothing.',
  checkpoint_does_not_fit: 'The checkpoint has another architecture or vocabulary than the base model.',
  weights_unchanged: 'The weights are those of the base model.',
  weights_not_finite: 'The weights hold NaN or infinity.',
  weights_absurd: 'The weights are so large that no training can have made them.',
  inference_failed: 'The model failed while it ran.',
  inference_too_slow: 'The model did not finish within the time limit.',
  inference_out_of_memory: 'The model used more memory than the limit.',
} as const satisfies Record<string, string>;

export type RejectionCode = keyof typeof rejectionTable;

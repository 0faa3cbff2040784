import type { Receipt } from '@agon/contracts';
import { checkReceipt } from '@agon/domain';
import { receiptSignatureHolds } from '@agon/kit';
import { checkDataset } from './check-dataset.ts';
import { checkModel } from './check-model.ts';
import { rescore } from './rescore.ts';

/** `ok` is null where something could not be checked. */
export type Check = { readonly name: string; readonly ok: boolean | null; readonly message: string };

export type Evidence = {
  /** Public keys that the service says are its own. */
  readonly signingKeys: readonly string[] | undefined;
  readonly dataset: string | undefined;
  readonly model: string | undefined;
  /** Folder of the base model. */
  readonly base?: string | undefined;
};

/** Everything that can be checked of a receipt with what is at hand. */
export async function verifyReceipt(receipt: Receipt, evidence: Evidence): Promise<Check[]> {
  const checks = [signatureCheck(receipt), keyCheck(receipt, evidence.signingKeys), rulesCheck(receipt)];
  const { dataset, model, base } = evidence;
  if (dataset) checks.push(...(await checkDataset(receipt.body, dataset)));
  if (model) checks.push(await checkModel(receipt.body, model));
  if (dataset && model && checks.every((check) => check.ok !== false))
    checks.push(await rescore(receipt.body, { dataset, model, base }));
  return checks;
}

function signatureCheck(receipt: Receipt): Check {
  const ok = receiptSignatureHolds(receipt);
  return {
    name: 'signature',
    ok,
    message: ok ? 'fits the receipt' : 'does not fit: the receipt was changed after it was signed',
  };
}

function keyCheck(receipt: Receipt, known: readonly string[] | undefined): Check {
  const key = receipt.signature.public_key;
  if (known === undefined)
    return { name: 'key', ok: null, message: `${key} (the service could not be asked whether it is its own)` };
  const ok = known.includes(key);
  return { name: 'key', ok, message: ok ? 'is the service’s own' : `${key} is not a key of the service` };
}

function rulesCheck(receipt: Receipt): Check {
  const faults = checkReceipt(receipt.body);
  const message = faults.length === 0 ? 'the winner follows from the scores by the rule' : faults.join(' ');
  return { name: 'rules', ok: faults.length === 0, message };
}

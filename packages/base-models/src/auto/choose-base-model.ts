import { type BaseModelFacts, type Capabilities, limits, type TaskName } from '@agon/contracts';
import { deriveTextNeeds, fitsNeeds } from '@agon/domain';

type Machine = Pick<Capabilities, 'memory_mib' | 'vram_mib' | 'cpus' | 'tasks'>;

export type Candidate = {
  readonly name: string;
  readonly facts: BaseModelFacts;
  /** Whether it is in the store, or must be fetched. */
  readonly here: boolean;
};

export type AutoQuestion = {
  readonly task: TaskName;
  readonly budgetMinutes: number;
  /** The miners that are online, whatever they do. */
  readonly miners: readonly Machine[];
};

export type AutoChoice<C extends Candidate> = { readonly candidate: C; readonly why: string };

/** Fewer tokens than these hardly move a model. */
const tokensWorthwhile = 25_000;
const flopsPerParameterAndToken = 6;
const flopsPerSecondOfCore = 25e9;
const flopsPerSecondOfGpu = 20e12;
/** Whom we plan for while nobody is there. */
const assumed: Omit<Machine, 'tasks'> = { memory_mib: 4_096, vram_mib: 0, cpus: 2 };

/**
 * Chooses what a job starts from: the largest model of the task's kind that at least half of the online miners can hold
 * in memory and show 25,000 tokens to within the budget (6 floating-point operations per parameter and token). Where none is
 * so small, the smallest. Among equals one that is here.
 */
export function chooseBaseModel<C extends Candidate>(
  candidates: readonly C[],
  question: AutoQuestion,
): AutoChoice<C> | undefined {
  const { task, budgetMinutes } = question;
  const suited = candidates.filter(({ facts }) => suits(facts, task)).toSorted(bySize);
  const miners = question.miners.filter((miner) => miner.tasks.includes(task));
  const machines: readonly Machine[] = miners.length > 0 ? miners : [{ ...assumed, tasks: [task] }];
  const quorum = Math.ceil(machines.length / 2);
  const able = (candidate: C): number =>
    machines.filter((machine) => canTrain(machine, candidate.facts, question)).length;
  const chosen = suited.findLast((candidate) => able(candidate) >= quorum);
  const who = miners.length > 0 ? `${plural(miners.length, 'miner')} online` : 'a machine with 2 cores and 4 GiB';
  if (chosen) {
    const why = `the largest of ${plural(suited.length, 'candidate')} that fits ${plural(budgetMinutes, 'minute')} and ${who}`;
    return { candidate: chosen, why: describe(chosen, why) };
  }
  const [smallest] = suited;
  if (!smallest) return undefined;
  const why = `the smallest of ${plural(suited.length, 'candidate')}, as none fits ${plural(budgetMinutes, 'minute')} and ${who}`;
  return { candidate: smallest, why: describe(smallest, why) };
}

/** Encoders classify; what answers must know how to read turns. */
const suits = ({ kind, has_chat_template }: BaseModelFacts, task: TaskName): boolean =>
  task === 'text-classification' ? kind === 'encoder' : kind === 'causal' && has_chat_template;

/** By parameters; of equals the one that is here comes last, where the search begins. */
const bySize = (left: Candidate, right: Candidate): number =>
  left.facts.parameters - right.facts.parameters || Number(left.here) - Number(right.here);

function canTrain(machine: Machine, facts: BaseModelFacts, { task, budgetMinutes }: AutoQuestion): boolean {
  const text = { max_tokens: limits.textTokensDefault, lora_rank_max: limits.loraRankMax };
  const needs = deriveTextNeeds({ task, trainBytes: 0, rows: 0, base: facts, text });
  const flopsPerSecond = machine.vram_mib > 0 ? flopsPerSecondOfGpu : machine.cpus * flopsPerSecondOfCore;
  const seconds = (flopsPerParameterAndToken * facts.parameters * tokensWorthwhile) / flopsPerSecond;
  return fitsNeeds(machine, needs, task) && seconds <= budgetMinutes * 60;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function describe({ name, facts, here }: Candidate, why: string): string {
  const millions = Math.round(facts.parameters / 1e6);
  const source = here ? '' : ', fetched from the hub';
  return `auto chose ${name} (${millions} million parameters, licence ${facts.license ?? 'not stated'}${source}): ${why}.`;
}

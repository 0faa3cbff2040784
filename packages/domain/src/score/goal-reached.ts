import type { Objective } from '@agon/contracts';

/** Whether a verified score meets the goal that ends the race early. */
export function goalReached(objective: Objective, value: number): boolean {
  if (objective.goal === null || Number.isNaN(value)) return false;
  return objective.direction === 'maximize' ? value >= objective.goal : value <= objective.goal;
}

import { evalExpr } from 'mingo/core';
import type { Options } from 'mingo/types';
import { CommandError } from '../errors.ts';
import { compareValues } from '../values/compare.ts';

/**
 * The comparison expressions (`$cond`, `$filter` and `$expr` use them). mingo's compare only within one type and let an
 * array equal its element; MongoDB's are its total order, in which missing is below everything.
 */
function comparison(name: string, holds: (order: number) => unknown) {
  return (document: unknown, expression: unknown, options: Options): unknown => {
    const [left, right] = pair(name, document, expression, options);
    return holds(compareValues(left, right));
  };
}

function pair(name: string, document: unknown, expression: unknown, options: Options): unknown[] {
  if (Array.isArray(expression) && expression.length === 2) return evalExpr(document, expression, options) as unknown[];
  throw new CommandError('BadValue', `${name} takes exactly 2 arguments`);
}

export const EXPRESSION_OPERATORS = {
  $eq: comparison('$eq', (order) => order === 0),
  $ne: comparison('$ne', (order) => order !== 0),
  $gt: comparison('$gt', (order) => order > 0),
  $gte: comparison('$gte', (order) => order >= 0),
  $lt: comparison('$lt', (order) => order < 0),
  $lte: comparison('$lte', (order) => order <= 0),
  $cmp: comparison('$cmp', Math.sign),
  $in: (document: unknown, expression: unknown, options: Options): boolean => {
    const [value, array] = pair('$in', document, expression, options);
    if (!Array.isArray(array)) throw new CommandError('BadValue', '$in needs an array as its second argument');
    return array.some((element) => compareValues(element, value) === 0);
  },
};

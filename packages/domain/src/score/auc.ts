/** One ROC curve: which rows are positive, and the score of every row. */
export type Auc = { readonly positive: Uint8Array; readonly scores: Float32Array };

type Sorted = {
  /** Rows by rising score. */
  readonly order: Int32Array;
  /** Per place in `order`: 1 where the row is positive. */
  readonly positive: Int32Array;
  /** Per place in `order`: 1 where the next row has another score. */
  readonly endsTie: Uint8Array;
};

const rowSpan = 2 ** 21;

/**
 * Rows by rising score. A score's bits, flipped so that they sort as unsigned integers, and the row make one number each,
 * so that the engine's native sort does the work: some 10 times as fast as one with a comparator.
 */
function rowsByScore(scores: Float32Array): Int32Array {
  const bits = new Uint32Array(scores.slice().buffer);
  const keys = new Float64Array(bits.length);
  for (let row = 0; row < bits.length; row += 1) {
    const word = bits[row] as number;
    const sortable = (word >>> 31 === 1 ? ~word : word | 0x80000000) >>> 0;
    keys[row] = sortable * rowSpan + row;
  }
  keys.sort();
  const order = new Int32Array(keys.length);
  for (let place = 0; place < keys.length; place += 1) order[place] = (keys[place] as number) % rowSpan;
  return order;
}

function sorted({ positive, scores }: Auc): Sorted {
  const order = rowsByScore(scores);
  const inOrder = new Int32Array(order.length);
  const endsTie = new Uint8Array(order.length).fill(1);
  for (let place = 0; place < order.length; place += 1) {
    const row = order[place] as number;
    inOrder[place] = positive[row] as number;
    if (place > 0 && scores[row] === scores[order[place - 1] as number]) endsTie[place - 1] = 0;
  }
  return { order, positive: inOrder, endsTie };
}

/**
 * The area under the curve as the weighted share of pairs (positive, negative) in the right order, ties counting half
 * (Mann-Whitney). NaN where the weights leave no positive or no negative row.
 */
export function aucScorer(auc: Auc): (weights: Uint32Array) => number {
  const { order, positive, endsTie } = sorted(auc);
  return (weights) => {
    let pairs = 0;
    let positives = 0;
    let negatives = 0;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    for (let place = 0; place < order.length; place += 1) {
      const weight = weights[order[place] as number] as number;
      // No branch on the class: it would be mispredicted on every other row, which costs more than all the rest.
      const ofPositive = weight * (positive[place] as number);
      tiedPositives += ofPositive;
      tiedNegatives += weight - ofPositive;
      if (endsTie[place] === 1) {
        pairs += tiedPositives * (negatives + tiedNegatives / 2);
        positives += tiedPositives;
        negatives += tiedNegatives;
        tiedPositives = 0;
        tiedNegatives = 0;
      }
    }
    return pairs / (positives * negatives);
  };
}

/**
 * The area and its derivative by each row's weight at equal weights: DeLong, DeLong and Clarke-Pearson's structural
 * components (Biometrics 44, 1988), centred. Undefined where there is no positive or no negative row.
 */
export function aucInfluence(auc: Auc): { area: number; influence: Float64Array } | undefined {
  const { order, positive, endsTie } = sorted(auc);
  const positives = positive.reduce((sum, flag) => sum + flag, 0);
  const negatives = positive.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  const component = new Float64Array(order.length);
  let positivesBelow = 0;
  let area = 0;
  for (let start = 0, place = 0; place < order.length; place += 1) {
    if (endsTie[place] === 0) continue;
    const tied = place + 1 - start;
    const tiedPositives = positive.subarray(start, place + 1).reduce((sum, flag) => sum + flag, 0);
    const negativesBelow = start - positivesBelow;
    const belowPositive = (negativesBelow + (tied - tiedPositives) / 2) / negatives;
    const aboveNegative = (positives - positivesBelow - tiedPositives / 2) / positives;
    for (let index = start; index <= place; index += 1)
      component[order[index] as number] = positive[index] === 1 ? belowPositive : aboveNegative;
    area += (tiedPositives * belowPositive) / positives;
    positivesBelow += tiedPositives;
    start = place + 1;
  }
  const influence = component.map((value, row) => (value - area) / (auc.positive[row] === 1 ? positives : negatives));
  return { area, influence };
}

/** Rows of one kind, of a table or of texts: how they are read, told apart and written. */
export type RowKind<Row extends Stratified = Stratified> = {
  /** Reads the dataset anew and hands out the rows that are kept, in file order, batch by batch. */
  rows(options: { signal?: AbortSignal | undefined }): AsyncIterable<readonly Row[]>;
  /** The canonical JSON of a normalised row: rows with the same are duplicates, and the split's keys are made of it. */
  keyJson(row: Row): string;
  /** A row as its part has it, with the line break at its end. */
  record(row: Row): string;
  /** What a part begins with. */
  readonly partHead: string;
  /** The number of classes, 1 where there are none. */
  readonly strata: number;
  /** Of a hidden part. */
  readonly hiddenRowsMax: number;
};

/** The class index of a row; 0 where there are no classes. */
export type Stratified = { readonly stratum: number };

/** A tensor that an architecture has. */
export type TensorSpec = { readonly name: string; readonly shape: readonly number[] };

/** `y = x W^T + b` with `name.weight` of `[outputs, inputs]` and, where it has one, `name.bias` of `[outputs]`. */
export type LinearModule = {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
};

export const tensorsOfModule = (module: LinearModule): TensorSpec[] => [
  { name: `${module.name}.weight`, shape: [module.outputs, module.inputs] },
  ...(module.bias ? [{ name: `${module.name}.bias`, shape: [module.outputs] }] : []),
];

import type { GraphBuilder, Value } from '../graph/graph-builder.ts';
import type { DecoderConfig, RotaryScaling } from './decoder-config.ts';

/**
 * The angle per position of each pair of a head, `[headSize / 2]`, in float32 arithmetic as transformers computes it
 * (`modeling_rope_utils.py`): `theta^(-2i / headSize)` (Su et al. 2021), scaled as the configuration says.
 */
export function inverseFrequencies(config: DecoderConfig): Float32Array {
  const { theta, scaling } = config.rotary;
  return Float32Array.from({ length: config.headSize / 2 }, (_, index) => {
    const power = Math.fround(theta ** Math.fround((2 * index) / config.headSize));
    return scaled(Math.fround(1 / power), scaling);
  });
}

function scaled(frequency: number, scaling: RotaryScaling): number {
  if (scaling.kind === 'default') return frequency;
  if (scaling.kind === 'linear') return frequency / scaling.factor;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > originalPositions / low) return frequency / factor;
  if (wavelength < originalPositions / high) return frequency;
  const smooth = (originalPositions / wavelength - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

export type RotaryTables = { readonly cos: Value; readonly sin: Value };

/**
 * Cosines and sines of the positions 0 to `length - 1`, each `[length, headSize / 2]`, computed when the graph runs, so
 * that it has no longest sequence.
 *
 * @param length an int64 scalar
 */
export function rotaryTables(builder: GraphBuilder, config: DecoderConfig, length: Value): RotaryTables {
  const range = builder.op('Range', [builder.ints([0], []), length, builder.ints([1], [])]);
  const positions = builder.op('Cast', [range], { attributes: { to: { int: 1 } } });
  const column = builder.op('Unsqueeze', [positions, builder.ints([1])]);
  const frequencies = builder.floats(inverseFrequencies(config), [1, config.headSize / 2]);
  const angles = builder.op('Mul', [column, frequencies]);
  return { cos: builder.op('Cos', [angles]), sin: builder.op('Sin', [angles]) };
}
